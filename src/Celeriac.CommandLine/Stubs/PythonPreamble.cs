using System.Text;

namespace Celeriac.CommandLine.Stubs;

/// <summary>The part of a Python module of tasks that is always the same. Python 3.8 or newer, Celery 5.</summary>
internal static class PythonPreamble
{
    private static readonly string[] s_modules = ["datetime", "decimal", "inspect", "keyword", "typing", "uuid"];

    public static string Write(string tasks)
    {
        var imports = new StringBuilder();
        foreach (var module in s_modules.Where(module => (Text + tasks).Contains($"_{module}.", StringComparison.Ordinal)))
        {
            imports.Append($"import {module} as _{module}\n");
        }
        return Text.ReplaceLineEndings("\n").Replace("{imports}\n", imports.ToString(), StringComparison.Ordinal) + tasks;
    }

    private const string Text = """"
        """The tasks of a C# program, for Python callers. Written by its command 'stubs': write it again when the tasks change.

        Each task has its name on the wire, and Celery's methods with the task's own parameters:

            math.add.delay(2, 3).get(timeout=10)
            math.add.apply_async((2, 3), countdown=60)
            chain(math.add.s(2, 3), math.add.s(4))
        """
        # mypy: ignore-errors
        from __future__ import annotations

        {imports}

        import celery as _celery
        from celery.result import AsyncResult as _AsyncResult

        _R = _typing.TypeVar("_R")
        if _typing.TYPE_CHECKING or hasattr(_typing, "ParamSpec"):
            _P = _typing.ParamSpec("_P")
        else:
            _P = _typing.TypeVar("_P")

        if _typing.TYPE_CHECKING:

            class Result(_AsyncResult, _typing.Generic[_R]):
                def get(self, *args: _typing.Any, **kwargs: _typing.Any) -> _R: ...

        else:
            Result = _AsyncResult

        _default: _typing.Any = ...  # a default that only C# can write


        class CSharpTask(_typing.Generic[_P, _R]):
            """A task that a C# worker runs. It is sent by name; what is left out has the default of the C# side."""

            def __init__(self, name: str, function: _typing.Callable[_P, _R], options: dict[str, _typing.Any]) -> None:
                self.name = name
                self.options = options
                self.__doc__ = function.__doc__
                self.__signature__ = _inspect.signature(function)

            def delay(self, /, *args: _P.args, **kwargs: _P.kwargs) -> Result[_R]:
                """Sends the task."""
                return self.apply_async(args, kwargs)

            def apply_async(
                self,
                args: _typing.Sequence[_typing.Any] = (),
                kwargs: _typing.Mapping[str, _typing.Any] | None = None,
                **options: _typing.Any,
            ) -> Result[_R]:
                """Sends the task with options: countdown, eta, expires, queue, priority, link ..."""
                self._check(args, kwargs or {})
                return self.signature(args, kwargs).apply_async(**options)

            def s(self, /, *args: _typing.Any, **kwargs: _typing.Any) -> _celery.Signature:
                """What to call, not yet sent. A chain puts the result before it in front, so the arguments are not checked."""
                return self.signature(args, kwargs)

            def si(self, /, *args: _P.args, **kwargs: _P.kwargs) -> _celery.Signature:
                """The same with all its arguments: a chain adds nothing."""
                self._check(args, kwargs)
                return self.signature(args, kwargs, immutable=True)

            def signature(
                self,
                args: _typing.Sequence[_typing.Any] = (),
                kwargs: _typing.Mapping[str, _typing.Any] | None = None,
                immutable: bool = False,
                **options: _typing.Any,
            ) -> _celery.Signature:
                """What to call, with options; not yet sent."""
                named = {_on_the_wire(name): value for name, value in (kwargs or {}).items()}
                return _celery.Signature(
                    self.name, args=tuple(args), kwargs=named, options={**self.options, **options}, immutable=immutable
                )

            def __repr__(self) -> str:
                return f"<C# task {self.name}{self.__signature__}>"

            def _check(self, args: _typing.Sequence[_typing.Any], kwargs: _typing.Mapping[str, _typing.Any]) -> None:
                try:
                    self.__signature__.bind(*args, **kwargs)
                except TypeError as error:
                    raise TypeError(f"{self.name}() {error}") from None


        def _on_the_wire(name: str) -> str:
            return name[:-1] if name.endswith("_") and _keyword.iskeyword(name[:-1]) else name


        def _task(
            name: str, **options: _typing.Any
        ) -> _typing.Callable[[_typing.Callable[_P, _R]], CSharpTask[_P, _R]]:
            def decorate(function: _typing.Callable[_P, _R]) -> CSharpTask[_P, _R]:
                return CSharpTask(name, getattr(function, "__func__", function), {"serializer": "json", **options})

            return decorate

        """";
}
