"""Work off the GUI thread: worker objects on QThreads, and a small pool.

Signals carry only small values; pixels go through one-slot mailboxes. Workers are
plain QObjects moved to a thread; their signals connect to bound methods of objects
that live in the GUI thread, so slots run there.
"""
