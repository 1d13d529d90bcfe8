"""Ways to adapt, and ways not to forget, for the network of the fine-tuning chapter.

A row is one seed at one number of images: row = 2 · seed + place in SHOTS. MNIST 8×8, then the digits, as in
fine_tuning_map.py; the head is kept.

ways (WAYS, RATES, 2): accuracy on (digits, MNIST) after STEPS steps at each rate.
lora (2, RANKS, RATES, 2): LoRA of that rank in fc, the head trained, the convolutions frozen; first with
α = r, then with α = √(r · inputs).
between (11, 2): the same two for W_pre + λ (W_full - W_pre), λ = 0, 0.1 ... 1, at rate 0.1.
spectrum (20): the singular values of fc's change in that run, largest first.
"""

import copy

import gradbook as T
import numpy as np
from gradbook import fine_tuning, nn
from gradbook.fine_tuning_setup import Net, accuracy, digits, mnist, pick, train

SHOTS, RATES = [5, 20], [0.003, 0.01, 0.03, 0.1]
WAYS = ["head", "full", "by layer", "gradual", "leash", "rehearsal"]
RANKS = [1, 2, 4, 8, 16, 32]
STEPS, BATCH = 60, 16
RTOL = 0.02  # ten test images, where a processor rounds the last bit in another way
SEEDS = range(10 * len(SHOTS))


def adapt(way, start, x, y, rate, source, seed):
    """A copy of `start`, adapted that way."""
    net, rng = copy.deepcopy(start), np.random.default_rng([seed, 2])
    groups, before, more = None, lambda t: None, lambda: 0
    if way == "head":
        fine_tuning.unfreeze_top(net, 1)
    elif way == "by layer":
        groups = fine_tuning.layer_groups(net, rate, 1 / 2.6)
    elif way == "gradual":                         # one more layer after each quarter of the steps
        def before(t):
            if t % (STEPS // 4) == 0:
                fine_tuning.unfreeze_top(net, 1 + t // (STEPS // 4))
    elif way == "leash":                           # a quadratic pull back to where it began: L2-SP
        origin = [T.tensor(p.data.copy()) for p in start.parameters()]

        def more():
            return 0.02 * sum(((p - o) ** 2).sum() for p, o in zip(net.parameters(), origin))
    elif way == "rehearsal":                       # as many images of the old task in each step
        old = np.random.default_rng([seed, 6])

        def more():
            picked = old.integers(0, len(source[0]), BATCH)
            return nn.functional.cross_entropy(net(T.tensor(source[0][picked])), T.tensor(source[1][picked]))
    return train(net, x, y, STEPS, rate, BATCH, rng, 0, groups, before, more)


def run(row):
    seed, place = divmod(row, len(SHOTS))
    x_source, y_source, *source_test = mnist()
    x_pool, y_pool, *target_test = digits()
    rng = np.random.default_rng([seed, 0])
    start = train(Net(rng), x_source, y_source, 400, 0.1, 32, rng)
    chosen = pick(y_pool, SHOTS[place], np.random.default_rng([seed, 1]))
    x, y = x_pool[chosen], y_pool[chosen]

    def both(net):
        return [accuracy(net, *target_test), accuracy(net, *source_test)]

    source = x_source, y_source
    ways = [[both(adapt(way, start, x, y, rate, source, seed)) for rate in RATES] for way in WAYS]

    with T.no_grad():                                  # the convolutions are frozen: computed once
        inside, z_target, z_source = (start(T.tensor(a), 0, 2).numpy()
                                      for a in (x, target_test[0], source_test[0]))
    lora = np.zeros((2, len(RANKS), len(RATES), 2))
    for a, b, c in np.ndindex(lora.shape[:3]):
        net, rank, rate = copy.deepcopy(start), RANKS[b], RATES[c]
        alpha = (rank * net.fc[0].in_features) ** 0.5 if a else rank
        fine_tuning.add_lora(net, rank, alpha, patterns="fc", rng=np.random.default_rng([seed, 7]))
        fine_tuning.unfreeze(net, "head")
        with np.errstate(all="ignore"):                # some diverge, which is a result
            train(net, inside, y, STEPS, rate, BATCH, np.random.default_rng([seed, 2]), first=2)
            lora[a, b, c] = (accuracy(net, z_target, target_test[1], first=2),
                             accuracy(net, z_source, source_test[1], first=2))

    full, mixed, between = adapt("full", start, x, y, 0.1, None, seed), copy.deepcopy(start), []
    for share in np.arange(11) / 10:
        for p, a, b in zip(mixed.parameters(), start.parameters(), full.parameters()):
            p.data = a.data + share * (b.data - a.data)
        between.append(both(mixed))
    change = full.fc[0].weight.data - start.fc[0].weight.data
    return {"before": both(start), "ways": ways, "lora": lora.tolist(), "between": between,
            "spectrum": np.linalg.svd(change, compute_uv=False)[:20].tolist()}
