"""A graph numbers states in order of discovery and knows the way to each."""

from __future__ import annotations

from tests.explore.worlds import DOWN, UP
from wireformat.explore.graph import NOBODY, Graph


def small_graph() -> Graph[str]:
    """a leads to b and c, b leads to c."""
    graph: Graph[str] = Graph()
    graph.add("a", "a", NOBODY, None)
    for number, row in enumerate(((("b", UP), ("c", DOWN)), (("c", UP),), ())):
        graph.starts.append(len(graph.targets))
        for state, act in row:
            graph.add(state, state, number, act)
    return graph


def test_a_state_is_new_once() -> None:
    graph: Graph[str] = Graph()
    assert graph.add("a", "a", NOBODY, None)
    assert not graph.add("a", "a", 0, UP)
    assert (graph.states, graph.step_count) == (["a"], 1)


def test_steps_and_depths() -> None:
    graph = small_graph()
    assert [list(graph.steps(number)) for number in range(3)] == [[(1, UP), (2, DOWN)], [(2, UP)], []]
    assert list(graph.depths) == [0, 1, 1]


def test_the_way_is_that_of_the_first_discoverer() -> None:
    graph = small_graph()
    assert [graph.way(number) for number in range(3)] == [(), (UP,), (DOWN,)]


def test_what_stands_for_a_state_is_the_one_found_first() -> None:
    graph: Graph[str] = Graph()
    graph.add("key", "first", NOBODY, None)
    graph.add("key", "second", 0, UP)
    assert graph.states == ["first"]
