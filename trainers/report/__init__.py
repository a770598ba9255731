"""The page of a run, `report.html`: a function of the run folder alone."""

from trainers.report.figure import Figure
from trainers.report.page import PAGE, write
from trainers.report.record import SUMMARY, RunRecord, read

__all__ = ["PAGE", "SUMMARY", "Figure", "RunRecord", "read", "write"]
