"""What gradbook.receptive_field says of mistakes."""


def layer(*args, **options):
    return lambda T: T.receptive_field.Layer(*args, **options)


def field(layers, *args):
    """receptive_field of Layers, written as tuples."""
    return lambda T: T.receptive_field.receptive_field([T.receptive_field.Layer(*a) for a in layers], *args)


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
        (layer(0), "Layer: kernel is 0, at least 1 is needed"),
        (layer(3, 0), "Layer: stride is 0, at least 1 is needed"),
        (layer(3, dilation=1.5), "Layer: dilation 1.5 is not a whole number"),
        (layer(True), "Layer: kernel True is not a whole number"),
        (layer(3, 1, -1), "Layer: padding is -1, at least 0 is needed"),
        (layer(3, 1, (1, 0.5)), "Layer: padding 0.5 is not a whole number"),
        (layer(3, 1, None), "Layer: padding None is not a whole number"),
        (layer(3, 1, "full"), r"Layer: padding 'full' is not a number, \(before, after\), 'same' or 'valid'"),
        (layer(3, 1, (1, 1, 1)), r"Layer: padding \(1, 1, 1\) is not a number"),
    ],
    "receptive_field": [
        (lambda T: T.receptive_field.receptive_field([3]), "receptive_field: layer 0 is 3, a Layer is neede"),
        (field([(3,), (7,)], 8), r"receptive_field: layer 1: an input of 6 is too short for Layer\("),
        (field([(3,)], 0), "receptive_field: input_size is 0, at least 1 is needed"),
        (field([(3,)], 8.0), r"receptive_field: input_size 8\.0 is not a whole number"),
        (lambda T: field([(3, 2, "same")])(T).region(0), "region: the padding depends on the size of the"),
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
    ],
    "effective_receptive_field": [
        (lambda T: T.receptive_field.effective_receptive_field(lambda x: x.sum(), (1, 8)),
         r"effective_receptive_field: \(32, 1, 8\) became \(\), \(N, K, \.\.\.\) is needed"),
        (lambda T: T.receptive_field.effective_receptive_field(lambda x: 0 * x, (1, 8)),
         "effective_receptive_field: the central output depends on no pixel"),
    ],
    "pixels_holding": [
        (lambda T: T.receptive_field.pixels_holding([1, 1], 95), "pixels_holding: share is 95, 0 < share <"),
    ],
}
