"""What gradbook.receptive_field says of mistakes."""


def layer(*args, **options):
    return lambda T: T.receptive_field.Layer(*args, **options)


def field(layers, *args):
    """receptive_field of Layers, written as tuples."""
    return lambda T: T.receptive_field.receptive_field([T.receptive_field.Layer(*a) for a in layers], *args)


def effective(**changed):
    """effective_receptive_field of a sum over the channels, with some of its arguments changed."""
    arguments = {"function": lambda x: x.sum(1, keepdim=True), "input_shape": (1, 8), "samples": 2} | changed
    return lambda T: T.receptive_field.effective_receptive_field(**arguments)


def graph(nodes, output, *args):
    """receptive_field_of_graph of nodes whose Layers are written as tuples."""
    def call(T):
        made = {name: (what if what == "merge" else T.receptive_field.Layer(*what), source)
                for name, (what, source) in nodes.items()}
        return T.receptive_field.receptive_field_of_graph(made, output, *args)

    return call


def merged(*names):
    return {"a": ((3, 1, 1), "x"), "wide": ((3, 2, 1), "x"), "even": ((2,), "x"),
            "long": ((3, 1, (1, 2)), "x"), "y": ("merge", names)}


ERRORS = {
    "Layer": [
        (layer(0), "Layer: kernel=0 came, at least 1 is needed"),
        (layer(3, 0), "Layer: stride=0 came, at least 1 is needed"),
        (layer(3, dilation=1.5), "Layer: dilation=1.5 came, a whole number is needed"),
        (layer(True), "Layer: kernel=True came, a whole number is needed"),
        (layer(3, 1, -1), "Layer: padding=-1 came, at least 0 is needed"),
        (layer(3, 1, (1, 0.5)), "Layer: padding=0.5 came, a whole number is needed"),
        (layer(3, 1, None), "Layer: padding=None came, a whole number is needed"),
        (layer(3, 1, "full"), r"Layer: padding 'full' is not a number, \(before, after\), 'same' or 'valid'"),
        (layer(3, 1, (1, 1, 1)), r"Layer: padding \(1, 1, 1\) is not a number"),
    ],
    "receptive_field": [
        (lambda T: T.receptive_field.receptive_field([3]), "receptive_field: layer 0 is 3, a Layer is neede"),
        (field([(3,), (7,)], 8), r"receptive_field: layer 1: an input of 6 is too short for Layer\("),
        (field([(3,)], 0), "receptive_field: input_size=0 came, at least 1 is needed"),
        (field([(3,)], 8.0), r"receptive_field: input_size=8\.0 came, a whole number"),
        *((lambda T, wrong=wrong: T.receptive_field.receptive_field(wrong),
           "receptive_field: layers: .* came, several are needed") for wrong in (3, None, "conv")),
    ],
    "Layer.on": [
        *((lambda T, n=n: T.receptive_field.Layer(3).on(n), f"Layer.on: n={n} came, at least 1 is needed")
          for n in (0, -1)),
        *((lambda T, n=n: T.receptive_field.Layer(3).on(n), "Layer.on: n=.* came, a whole number is needed")
          for n in (8.0, "8", float("nan"))),
    ],
    "ReceptiveField": [
        *((lambda T, a=a: T.receptive_field.ReceptiveField(**a),
           "ReceptiveField: .* came, at least [01] is needed")
          for a in ({"size": 0}, {"stride": 0}, {"padding": -1}, {"outputs": 0})),
        *((lambda T, a=a: T.receptive_field.ReceptiveField(**a),
           "ReceptiveField: .* came, a whole number is needed")
          for a in ({"size": None}, {"stride": 1.5}, {"padding": "same"}, {"outputs": 8.0})),
    ],
    "ReceptiveField.region": [
        (lambda T: field([(3, 2, "same")])(T).region(0), "region: the padding depends on the size of the"),
        (lambda T: field([(3,)])(T).region("0"), "region: i of <U1 came, real numbers are needed"),
        (lambda T: field([(3,)])(T).region(None), "region: i of object came, real numbers are needed"),
    ],
    "ReceptiveField.through": [
        *((lambda T, what=what: T.receptive_field.ReceptiveField().through(what),
           f"through: layer is {what!r}, a Layer is needed") for what in (3, None, "conv")),
        (lambda T: T.receptive_field.ReceptiveField(outputs=3).through(T.receptive_field.Layer(5)),
         "through: layer: an input of 3 is too short for Layer"),
    ],
    "receptive_field_of_graph": [
        (graph(merged("a", "wide"), "y"),
         "receptive_field_of_graph: 'y' merges branches whose strides differ: {'a': 1, 'wide': 2}"),
        (graph(merged("a", "even"), "y"),
         r"receptive_field_of_graph: 'y' merges branches whose centers differ: {'a': 0\.0, 'even': 0\.5}"),
        (graph(merged("a", "long"), "y", 9),
         "receptive_field_of_graph: 'y' merges branches whose lengths differ: {'a': 9, 'long': 10}"),
        (graph(merged("a"), "b"), r"receptive_field_of_graph: 'b' is not among \['x', 'a', 'wide'"),
        (graph(merged("a", "b"), "y"), "receptive_field_of_graph: 'b' is not among"),
        (graph({"x": ((3,), "x")}, "x"),
         "receptive_field_of_graph: 'x' is the image, another name"),
        (graph({"a": ((3,), "b"), "b": ((3,), "a")}, "a"),
         "receptive_field_of_graph: (a -> b -> a|b -> a -> b) is a circle"),
        (graph(merged(), "y"), r"receptive_field_of_graph: 'y' is \('merge', \(\)\), but \(Layer, "),
        (lambda T: T.receptive_field.receptive_field_of_graph({"a": (3, "x")}, "a"),
         r"receptive_field_of_graph: 'a' is \(3, 'x'\), but \(Layer, input\) or \('merge', inputs\) is"),
        (graph({"a": ((9,), "x")}, "a", 8),
         "receptive_field_of_graph: 'a': an input of 8 is too short"),
        *((lambda T, nodes=nodes: T.receptive_field.receptive_field_of_graph(nodes, "a"),
           "receptive_field_of_graph: {name: .*} and a name are needed, not .*, 'a'")
          for nodes in (3, None, "a", [])),
        (graph(merged("a"), None),
         "receptive_field_of_graph: {name: .*} and a name are needed, not .*, None"),
    ],
    "effective_receptive_field": [
        (lambda T: T.receptive_field.effective_receptive_field(lambda x: x.sum(), (1, 8)),
         r"effective_receptive_field: \(32, 1, 8\) became \(\), \(N, K, \.\.\.\) is needed"),
        (lambda T: T.receptive_field.effective_receptive_field(lambda x: 0 * x, (1, 8)),
         "effective_receptive_field: the central output depends on no pixel"),
        *((effective(input_shape=shape), "effective_receptive_field: input_shape: .* came, (several|needed:)")
          for shape in (8, None, "1", ())),
        *((effective(input_shape=(1, n)), "effective_receptive_field: a length of input_shape=.* came")
          for n in (0, -1, 8.0, None, "8")),
        *((effective(samples=n), "effective_receptive_field: samples=.* came")
          for n in (0, -1, 2.0, None, "8")),
        *((effective(power=p), r"effective_receptive_field: power=.* came, a number in \(0, inf\) is needed")
          for p in (0, -1, float("nan"), float("inf"), "1", None)),
    ],
    "pixels_holding": [
        *((lambda T, share=share: T.receptive_field.pixels_holding([1, 1], share),
           rf"pixels_holding: share={share!r} came, a number in \(0, 1\] is needed")
          for share in (95, 0, -0.5, float("nan"), "0.5", None)),
        *((lambda T, w=w: T.receptive_field.pixels_holding(w),
           "pixels_holding: weights of at least 0 are needed, and one of more")
          for w in ([], [0.0], [1.0, -1.0])),
        (lambda T: T.receptive_field.pixels_holding([1.0, float("nan")]),
         "pixels_holding: weights with nan or inf came, finite numbers are needed"),
        (lambda T: T.receptive_field.pixels_holding(["a"]),
         "pixels_holding: weights of <U1 came, real numbers"),
    ],
}
