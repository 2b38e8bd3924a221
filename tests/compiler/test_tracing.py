"""Tracing: what a run of a function becomes, and what is heard of it."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_mini as am
from autograd_mini import Value, nn
from autograd_mini.compiler.passes import fold, settle
from autograd_mini.compiler.program import Constant, Input, Instruction
from autograd_mini.compiler.tracing.trace import Trace, object_array
from autograd_mini.sweep import reverse
from tests.compiler.interpreter import interpret, same_bits


def names(program: Any) -> list[str]:
    """Return what each entry is, in a word."""
    return [
        entry.name
        if isinstance(entry, Input)
        else repr(entry.value)
        if isinstance(entry, Constant)
        else entry.operation.name
        for entry in program.entries
    ]


def test_a_tape_becomes_a_program() -> None:
    """Entries stand in the order of the tape; a constant that comes twice is one."""
    trace = Trace()
    x, y = trace.input(2.0), trace.input(3.0)
    z = trace.run(lambda x, y: (x * y + 2.0) * am.exp(x) / 2.0, x, y)
    program = trace.program([z], ["x", "y"])
    expected = ["x", "y", "multiply", "2.0", "add", "exp", "multiply", "divide"]
    assert names(program) == expected
    assert interpret(program, [0.5, -1.0]) == [(0.5 * -1.0 + 2.0) * np.exp(0.5) / 2.0]


def test_constants_that_are_equal_to_python() -> None:
    """0.0, -0.0 and the whole numbers 0, 1 and True: the zeros stay two, and all are floats."""
    trace = Trace()
    x = trace.input(2.0)
    z = trace.run(lambda: [x * 0.0, x * -0.0, x * 0, x + 1, x * True, x * -0.0, x + 1.0])
    program = trace.program(z, ["x"])
    constants = [k for k in names(program) if k[0] in "-01"]
    assert constants == ["0.0", "-0.0", "1.0"]
    found = interpret(program, [3.0])
    assert same_bits(found, [0.0, -0.0, 0.0, 4.0, 3.0, -0.0, 4.0])


def test_the_gradient_is_a_longer_program() -> None:
    """The recorded sweep is traced like the function: d(x² y)/dx = 2 x y, d/dy = x²."""
    trace = Trace()
    x, y = trace.input(2.0), trace.input(3.0)
    z = trace.run(lambda: am.square(x) * y)
    bars = trace.run(lambda: dict(reverse({z: 1.0}, wrt=[x, y], record=True)))
    program = trace.program([z, bars[x], bars[y]])
    assert interpret(program, [3.0, 5.0]) == [45.0, 30.0, 9.0]


def test_nodes_from_outside_are_inputs() -> None:
    """A parameter that the function closes over is captured, with its name; once, if used twice."""
    w, unused = Value(2.0, name="w"), Value(1.0)
    shifted = w + 1.0  # not a leaf, and older than the trace
    trace = Trace()
    x = trace.input(3.0)
    z = trace.run(lambda: w * x * w + shifted)
    program = trace.program([z], ["x"])
    assert trace.captured == [w, shifted]
    assert unused not in trace.captured
    assert [program.entries[k] for k in program.inputs] == [
        Input("x"),
        Input("w"),
        Input("captured 1"),
    ]
    assert interpret(program, [3.0, 5.0, 7.0]) == [82.0]


def test_an_input_that_is_returned_is_an_output() -> None:
    """Nothing is computed then; a plain number that is returned is a constant."""
    trace = Trace()
    x = trace.input(3.0)
    program = trace.program([x, 4.0])
    assert interpret(program, [5.0]) == [5.0, 4.0]


def test_comparisons_become_guards() -> None:
    """Each comparison that Python saw, with how it came out, also through bool() and int()."""

    def f(x: Any, y: Any) -> Any:
        if x > y and x != 0.0 and bool(y):
            return x * int(y)
        return y

    trace = Trace()
    x, y = trace.input(3.0), trace.input(2.7)
    z = trace.run(f, x, y)
    program = trace.program([z])
    conditions = [program.entries[guard.position] for guard in program.guards]
    assert [c.operation.name for c in conditions if isinstance(c, Instruction)] == [
        "greater",
        "not_equal",
        "not_equal",
        "equal",
    ]
    assert [guard.expected for guard in program.guards] == [True, True, True, True]
    assert interpret(program, [3.0, 2.7]) == [6.0, 1.0, 1.0, 1.0, 1.0]
    assert interpret(program, [0.0, 3.1])[1:] == [0.0, 0.0, 1.0, 0.0]


def test_a_number_that_is_read_is_guarded() -> None:
    """Through .data, .item(), float() and am.data: the program is for that number alone."""
    for read in (lambda x: x.data, lambda x: x.item(), float, am.data):
        trace = Trace()
        x = trace.input(3.0)
        z = trace.run(lambda x, read=read: x * read(x), x)
        program = trace.program([z])
        assert [guard.expected for guard in program.guards] == [True]
        assert interpret(program, [3.0])[1] == 1.0
        assert interpret(program, [4.0])[1] == 0.0


def test_what_is_detached_is_computed_and_not_differentiated() -> None:
    """x.detach() and no_grad() are constants to a sweep, and none to a replay."""

    def f(x: Any) -> Any:
        with am.no_grad():
            y = x * 3.0 + 1.0
        return x * x.detach() + y * x

    trace = Trace()
    x = trace.input(2.0)
    z = trace.run(f, x)
    bars = trace.run(lambda: dict(reverse({z: 1.0}, wrt=[x], record=True)))
    program = trace.program([z, bars[x]])
    eager = am.value_and_grad(f)(5.0)
    assert interpret(program, [5.0]) == [*eager]
    assert eager == (5.0 * 5.0 + 16.0 * 5.0, 5.0 + 16.0)


def test_random_draws_are_inputs() -> None:
    """A dropout mask is drawn from a copy while tracing; its elements are inputs, in order."""
    rng = np.random.default_rng(3)
    before = rng.bit_generator.state
    trace = Trace()
    xs = [trace.input(1.0) for _ in range(4)]
    z = trace.run(lambda a: np.sum(nn.dropout(a, 0.5, rng=rng)), object_array(xs, (4,)))
    program = trace.program([z])
    assert rng.bit_generator.state == before
    assert [(d.rng, d.keep_prob, d.shape) for d, _ in trace.draws] == [(rng, 0.5, (4,))]
    assert interpret(program, [1.0, 2.0, 4.0, 8.0, 1.0, 0.0, 0.0, 1.0]) == [18.0]


def test_guards_of_constants_are_settled() -> None:
    """A comparison of what depends on no input comes out at each replay as it did."""
    trace = Trace()
    x = trace.input(1.0)
    z = trace.run(lambda: x + 1.0 if 2.0 * Value(2.0) > 1.0 else x)
    program = trace.program([z])
    assert [guard.expected for guard in program.guards] == [True]
    assert settle(fold(program)).guards == ()


def test_other_questions_are_about_the_number_itself() -> None:
    """The sign of a zero is told by np.signbit alone; NaN is read as NaN."""
    for read, number in ((np.signbit, -0.0), (np.signbit, 0.0), (float, np.nan)):
        trace = Trace()
        x = trace.input(number)
        program = trace.program([trace.run(lambda x, read=read: x + read(x), x)])
        expected = [guard.expected for guard in program.guards]
        for other in (0.0, -0.0, 1.0, np.nan):
            holds = [x != 0.0 for x in interpret(program, [other])[1:]] == expected
            assert holds == same_bits([other], [number])
