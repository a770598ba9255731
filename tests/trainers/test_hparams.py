"""TensorBoard's own reader shows flags and scores of runs."""

import types

import pytest
from tensorboard import context
from tensorboard.backend.event_processing import (
    data_provider,
    plugin_event_multiplexer,
)
from tensorboard.plugins import base_plugin
from tensorboard.plugins.hparams import (
    api_pb2,
    backend_context,
    list_session_groups,
)

from trainers import autoencoder, hparams

SCORE = {
    "protocol": "20 pictures",
    "true_pairs": True,
    "a to b": {"cycle": 0.25},
    "psnr": 17.5,
    "alarms": ["all is lost"],
}


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    """What the table of hyper-parameters shows, by learning rate."""
    root = tmp_path_factory.mktemp("runs")
    for rate in (0.125, 0.5):
        config = autoencoder.Config(
            data="FOLDER", learning_rate=rate, run_dir=str(root / f"{rate}")
        )
        run = types.SimpleNamespace(
            trainer="autoencoder", logs=root / f"{rate}" / "logs"
        )
        hparams.write_flags(run, config)
        if rate == 0.5:  # The other one still trains.
            hparams.write_scores(run, SCORE, epoch=4)
    runs = plugin_event_multiplexer.EventMultiplexer()
    runs.AddRunsFromDirectory(str(root))
    runs.Reload()
    provider = data_provider.MultiplexerDataProvider(runs, str(root))
    request = api_pb2.ListSessionGroupsRequest(
        slice_size=10,
        include_metrics=True,
        allowed_statuses=[
            api_pb2.STATUS_UNKNOWN,
            api_pb2.STATUS_SUCCESS,
            api_pb2.STATUS_RUNNING,
        ],
    )
    response = list_session_groups.Handler(
        context.RequestContext(),
        backend_context.Context(base_plugin.TBContext(data_provider=provider)),
        "runs",
        request,
    ).run()
    return {
        group.hparams["learning_rate"].number_value: group
        for group in response.session_groups
    }


def test_each_run_is_a_row_with_its_flags(sessions):
    assert set(sessions) == {0.125, 0.5}
    flags = sessions[0.125].hparams
    assert flags["trainer"].string_value == "autoencoder"
    assert flags["model"].string_value == "undercomplete"
    assert flags["code_dim"].number_value == 0
    assert flags["reproducible"].bool_value is False
    # Where a run lies is none of its hyper-parameters.
    assert "run_dir" not in flags


def test_numbers_of_the_score_are_its_columns(sessions):
    values = {
        metric.name.tag: metric.value for metric in sessions[0.5].metric_values
    }
    assert values == {"score/a_to_b/cycle": 0.25, "score/psnr": 17.5}
    assert not sessions[0.125].metric_values


def test_a_finished_run_says_so(sessions):
    status = {
        rate: group.sessions[0].status for rate, group in sessions.items()
    }
    assert status[0.5] == api_pb2.STATUS_SUCCESS
    assert status[0.125] != api_pb2.STATUS_SUCCESS
