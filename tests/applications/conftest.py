"""A home of its own for every test of weights, and the web server of the downloads' tests."""

from datasets.conftest import Site, home, site

__all__ = ["Site", "home", "site"]
