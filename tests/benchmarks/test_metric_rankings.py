"""Sets with faults made on purpose: which metric sees which."""

import pytest

metric_rankings = pytest.importorskip("metric_rankings")


@pytest.fixture(scope="module")
def figures():
    good, faulty = metric_rankings.rank(
        num_classifier_epochs=4, count=300, num_good_sets=2
    )
    return {"good": good[0], "also good": good[1], **faulty}


def worst_good(figures, name, worse=max):
    return worse(figures["good"][name], figures["also good"][name])


@pytest.mark.parametrize("name", ["frechet_distance", "kernel_distance"])
def test_distances_see_all_but_copies(figures, name):
    good = worst_good(figures, name)
    for fault in ("noise", "blur", "5 of 10 classes", "10 pictures"):
        assert figures[fault][name] > good
    assert figures["copies of the real pictures"][name] < good


def test_lost_classes_cost_recall_and_not_precision(figures):
    lost = figures["5 of 10 classes"]
    for name in ("recall", "coverage"):
        assert lost[name] < worst_good(figures, name, min) - 0.2
    for name in ("precision", "density"):
        assert lost[name] > worst_good(figures, name, min) - 0.1


def test_collapse_costs_diversity_and_nearly_all_recall(figures):
    few = figures["10 pictures"]
    assert few["diversity"] < worst_good(figures, "diversity", min)
    assert few["recall"] < 0.1 and few["coverage"] < 0.3


def test_blur_costs_recall_and_diversity(figures):
    for name in ("recall", "coverage", "diversity"):
        assert figures["blur"][name] < 0.8 * worst_good(figures, name, min)


def test_only_distances_to_real_pictures_see_copies(figures):
    copies = figures["copies of the real pictures"]
    for name in ("precision", "recall", "density", "coverage"):
        assert copies[name] >= 1 - 1e-9
    assert copies["nearest_real"] == 0
    assert worst_good(figures, "nearest_real", min) > 5
