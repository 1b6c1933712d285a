"""A part of the house: made at its first use, once, whatever the number of threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")
LOCK = "_once_lock"


class once(Generic[T]):  # used as a decorator, like functools.cached_property
    """`functools.cached_property` with one lock an object: two threads never make the same part twice.

    From Python 3.12 on the one of functools takes no lock. The lock is reentrant, since parts stand on others.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> once[T]: ...
    @overload
    def __get__(self, instance: object, owner: type[Any]) -> T: ...
    def __get__(self, instance: object | None, owner: type[Any]) -> once[T] | T:
        if instance is None:
            return self
        held = vars(instance)
        with held.setdefault(LOCK, threading.RLock()):
            if self._name not in held:
                held[self._name] = self._make(instance)
            made: T = held[self._name]
            return made
