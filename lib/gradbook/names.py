"""What is said of a name that is not there."""


def missing(where, offered, instead=None):
    """A module's __getattr__: name -> AttributeError that says what there is instead.

    where: what lacks the name, such as "gradbook.nn".   offered: the names it has.
    instead: {a name one may look for: what to do without it}.
    """
    def no_such_name(name):
        said = f"{where} has no {name!r}"
        if name in (instead or {}):
            said += f": {instead[name]}"
        elif not name.startswith("__"):        # copy, pickle and hasattr ask for many of those: quickly then
            import difflib
            near = difflib.get_close_matches(name, offered, n=4, cutoff=0.7)
            said += f". Near it: {', '.join(near)}" if near else f". dir({where}) lists what it has"
        raise AttributeError(said, name=name)

    return no_such_name
