"""What the first task has to be like: six starts for the network of the fine-tuning chapter.

A row is one seed with one start: row = 6 · seed + place in STARTS. Each start is a network after
pre-training; its head is replaced by a new one for the ten digits, and it is trained on SHOTS images of
each class. Sources have 2,000 images.

    nothing    the initial draw                  rotated    MNIST without labels: which of 4 turns?
    30, 400    steps on MNIST's labels           photos     patches of photographs: which of 4 turns?
                                                 shuffled   MNIST with its labels shuffled

accuracy (SHOTS, FROZEN, RATES): on the digits' test set, after STEPS steps.
source: accuracy on the task of pre-training, new images (for shuffled labels: the true labels).
way (RATES, CURVE): accuracy after so many steps, everything trained, 5 images a class.
"""

import copy

import numpy as np
from gradbook import data, fine_tuning
from gradbook.fine_tuning_setup import Net, accuracy, digits, mnist, pick, train

STARTS = ["nothing", "30 steps", "400 steps", "rotated", "photos", "shuffled"]
SHOTS, RATES, CURVE = [5, 50], [0.03, 0.1], [0, 5, 10, 20, 40, 80]
FROZEN = [["conv1", "conv2", "fc"], []]
STEPS, BATCH = 80, 16
RTOL = 0.02  # ten test images, where a processor rounds the last bit in another way
SEEDS = range(10 * len(STARTS))


def patches(n, rng):
    """(n, 1, 8, 8): squares of 32×32 pixels of two photographs, in grey, brought to 8×8 and to 0 ... 1."""
    photos = [data.sample_image(name).mean(axis=0) for name in ("china", "flower")]
    out = np.zeros((n, 1, 8, 8))
    for k in range(n):
        top, left = rng.integers(0, 427 - 32), rng.integers(0, 640 - 32)
        small = photos[k % 2][top:top + 32, left:left + 32].reshape(8, 4, 8, 4).mean(axis=(1, 3))
        out[k, 0] = (small - small.min()) / (np.ptp(small) + 1e-9)
    return out


def turned(x, rng):
    """Images turned by 0 ... 3 quarters, and by how many."""
    quarters = rng.integers(0, 4, len(x))
    return np.stack([np.rot90(image, q, axes=(1, 2)) for image, q in zip(x, quarters)]), quarters


def task(start, rng):
    """(x_train, y_train, x_test, y_test) of the pre-training."""
    if start == "photos":
        x, y = turned(patches(2300, rng), rng)
        return x[300:], y[300:], x[:300], y[:300]
    x, y, x_test, y_test = mnist(2000, 300)
    if start == "rotated":
        return *turned(x, rng), *turned(x_test, rng)
    return x, rng.permutation(y) if start == "shuffled" else y, x_test, y_test


def run(row):
    seed, place = divmod(row, len(STARTS))
    start, rng = STARTS[place], np.random.default_rng([seed, 0])
    steps = {"nothing": 0}.get(start, int(start.split()[0]) if start[0].isdigit() else 400)
    net, source = Net(rng, 4 if start in ("rotated", "photos") else 10), 0.0
    if steps:
        x, y, x_test, y_test = task(start, np.random.default_rng([seed, 5]))
        train(net, x, y, steps, 0.1, 32, rng)
        source = accuracy(net, x_test, y_test)
    fine_tuning.replace_head(net, 10, rng=np.random.default_rng([seed, 4]))

    x_pool, y_pool, *target_test = digits()
    found, way = np.zeros((len(SHOTS), len(FROZEN), len(RATES))), []
    for k, m, n in np.ndindex(found.shape):
        chosen, tuned, seen = pick(y_pool, SHOTS[k], np.random.default_rng([seed, 1])), copy.deepcopy(net), {}
        for name in FROZEN[m]:
            fine_tuning.freeze(tuned, name)

        def look(t, tuned=tuned, seen=seen):
            if t in CURVE:
                seen[t] = accuracy(tuned, *target_test)

        watched = SHOTS[k] == 5 and not FROZEN[m]
        train(tuned, x_pool[chosen], y_pool[chosen], STEPS, RATES[n], BATCH, np.random.default_rng([seed, 2]),
              before=look if watched else lambda t: None)
        found[k, m, n] = accuracy(tuned, *target_test)
        if watched:
            look(STEPS)
            way.append([seen[t] for t in CURVE])
    return {"accuracy": found.tolist(), "source": source, "way": way}
