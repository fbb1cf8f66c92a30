"""LanceDB serves what files hold: tables by view, read as they were at any time, rebuilt from files alone."""

from __future__ import annotations

from features.store.rebuild import Rebuilt, rebuild
from features.store.store import Resolver, Store
from features.store.views import BASE, LAYOUT, VIEWS, View, get_view, row_keys

__all__ = [
    "BASE",
    "LAYOUT",
    "VIEWS",
    "Rebuilt",
    "Resolver",
    "Store",
    "View",
    "get_view",
    "rebuild",
    "row_keys",
]
