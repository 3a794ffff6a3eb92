"""The store: observers hear of every replacement, once, with what changed."""

from __future__ import annotations

from core.document.document import Document
from core.document.store import Change, DocumentStore


def test_that_observers_are_told_until_they_leave(document: Document) -> None:
    store = DocumentStore(document)
    heard: list[tuple[Document, Change]] = []
    forget = store.observe(lambda d, c: heard.append((d, c)))
    changed, change = document.without_track(1), Change("Delete track", 1)
    store.replace(changed, change)
    assert heard == [(changed, change)]
    assert store.current is changed
    store.replace(changed, Change("again"))
    assert len(heard) == 1, "no news is not told"
    forget()
    forget()
    store.replace(document, change)
    assert len(heard) == 1


def test_that_an_observer_may_leave_while_being_told(document: Document) -> None:
    store = DocumentStore(document)
    heard: list[str] = []

    def once(d: Document, c: Change) -> None:
        heard.append("once")
        forget()

    forget = store.observe(once)
    store.observe(lambda d, c: heard.append("other"))
    store.replace(document.without_track(1), Change("x"))
    store.replace(document, Change("y"))
    assert heard == ["once", "other", "other"]
