"""Mistakes with gradbook.regularization. It has no primitive of its own: its rows would be those of mul."""

ERRORS = {
    "dropout": [
        (lambda T: T.nn.functional.dropout(T.tensor([1.0]), 1.5), r"dropout: p=1.5 came, a probability"),
        (lambda T: T.nn.functional.dropout(T.tensor([1]), 0.5), r"dropout: input of int64 came, a floating"),
    ],
    "dropout2d": [
        (lambda T: T.nn.functional.dropout2d(T.tensor([[[1.0]]])), r"dropout2d: input \(1, 1, 1\) came"),
    ],
    "drop_path": [
        (lambda T: T.nn.functional.drop_path(T.tensor([1.0]), -1), r"drop_path: p=-1 came, a probability"),
    ],
    "dropconnect": [
        (lambda T: T.nn.functional.dropconnect(T.tensor([1.0]), 2), r"dropconnect: p=2 came, a probability"),
    ],
}
