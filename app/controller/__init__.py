"""From what the user wants to what happens: session calls, jobs and undo steps.

`desk` holds what is open and says what changed; `edits`, `runs`, `playback` and
`project` each carry out one kind of wish. They know no widgets; questions to the
user go through :class:`~app.controller.prompts.Prompts`.
"""
