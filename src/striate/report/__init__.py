"""The page after a training: report.html, complete in one file."""

from striate.report.classes import ClassResult, Results
from striate.report.page import Run, write_report

__all__ = ["ClassResult", "Results", "Run", "write_report"]
