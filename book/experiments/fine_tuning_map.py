"""How deep to freeze, at which rate, from how many images: the map of the fine-tuning chapter.

A network of 23,172 parameters learns MNIST, brought to 8×8 pixels, and is adapted to scikit-learn's digits.
A row is one seed at one number of images: row = 4 · seed + place in SHOTS.

before: accuracy on (the digits' test set, MNIST's) of the pre-trained network.
after (frozen stages 0 ... 3, RATES, 2): the same two after STEPS steps with the first stages frozen.
scratch (SCRATCH_RATES, 2): a network that was not pre-trained, after SCRATCH_STEPS steps.
nearest (3): 1-nearest-neighbour on pixels among the images of digits, of MNIST, and of both; on digits.
"""

import copy

import gradbook as T
import numpy as np
from gradbook.fine_tuning_setup import Net, accuracy, digits, mnist, pick, train

SHOTS, RATES, SCRATCH_RATES = [1, 5, 20, 50], [0.001, 0.003, 0.01, 0.03, 0.1, 0.3], [0.03, 0.1]
STEPS, SCRATCH_STEPS, BATCH = 60, 180, 16
RTOL = 0.02  # ten test images, where a processor rounds the last bit in another way
SEEDS = range(10 * len(SHOTS))


def nearest(x, y, x_test, y_test):
    x, z = x.reshape(-1, 64), x_test.reshape(-1, 64)
    distance = (x**2).sum(1) - 2 * z @ x.T
    return float((y[distance.argmin(1)] == y_test).mean())


def run(row):
    seed, place = divmod(row, len(SHOTS))
    x_source, y_source, *source_test = mnist()
    x_pool, y_pool, *target_test = digits()
    rng = np.random.default_rng([seed, 0])
    start = train(Net(rng), x_source, y_source, 400, 0.1, 32, rng)
    chosen = pick(y_pool, SHOTS[place], np.random.default_rng([seed, 1]))
    x, y = x_pool[chosen], y_pool[chosen]

    after = np.zeros((4, len(RATES), 2))
    for frozen in range(4):
        with T.no_grad():                       # what frozen stages say does not change: it is computed once
            inside, z_target, z_source = (start(T.tensor(a), 0, frozen).numpy()
                                          for a in (x, target_test[0], source_test[0]))
        for m, rate in enumerate(RATES):
            rng = np.random.default_rng([seed, 2])
            net = train(copy.deepcopy(start), inside, y, STEPS, rate, BATCH, rng, frozen)
            after[frozen, m] = (accuracy(net, z_target, target_test[1], frozen),
                                accuracy(net, z_source, source_test[1], frozen))
    scratch = []
    for rate in SCRATCH_RATES:
        rng = np.random.default_rng([seed, 3])
        net = train(Net(rng), x, y, SCRATCH_STEPS, rate, BATCH, rng)
        scratch.append([accuracy(net, *target_test), accuracy(net, *source_test)])
    both = np.concatenate([x, x_source]), np.concatenate([y, y_source])
    return {"before": [accuracy(start, *target_test), accuracy(start, *source_test)], "after": after.tolist(),
            "scratch": scratch,
            "nearest": [nearest(*pool, *target_test) for pool in ((x, y), (x_source, y_source), both)]}
