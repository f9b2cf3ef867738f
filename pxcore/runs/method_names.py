"""Names of methods within a run: an id with the settings that are not its defaults."""

from __future__ import annotations

from pxcore.errors import RunError
from pxcore.types import MethodSpec


def method_name(method: MethodSpec) -> str:
    """Return a method's name within a run: its id, with the settings that are not default.

    >>> method_name(MethodSpec(id="occlusion", options=(("fill", "mean"),)))
    'occlusion:fill=mean'
    """
    return ":".join([method.id, *(f"{name}={value}" for name, value in sorted(method.options))])


def parse_method(text: str) -> MethodSpec:
    """Return the method of a name such as ``occlusion:fill=mean``; ``method_name`` backwards.

    Raises RunError for a setting without a value.
    """
    name, *settings = text.split(":")
    options = []
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not (key and equals and value):
            message = f"{setting!r} of method {text!r} is not a setting; write name=value"
            raise RunError(message)
        options.append((key, value))
    return MethodSpec(id=name.strip(), options=tuple(options))
