"""Compute device, thread counts and seeds: chosen once, at the start of a program."""

from __future__ import annotations

import os
import platform

import cv2
import torch

from core.errors import DeviceError
from core.wording import counted


def choose(name: str = "auto") -> torch.device:
    """The torch device for `name`: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises
    ------
    DeviceError
        If CUDA is asked for and not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceError(f"“{name}” is not a device.", "Use auto, cpu or cuda.") from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise DeviceError("No CUDA device is available.", "Use the device “cpu” or “auto”.")
    return device


def set_threads(torch_threads: int | None = None) -> None:
    """Share the cores: OpenCV single-threaded, torch with `torch_threads`.

    Without a number torch gets all cores but one, so that decoding and drawing
    stay fluid; OpenCV's own pool beside torch's would only oversubscribe.
    """
    cv2.setNumThreads(1)
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    torch.set_num_threads(torch_threads or max(1, cores - 1))


def describe(device: torch.device) -> str:
    """One line for logs and the status bar: ``CPU, 2 threads`` or the GPU's name."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU ({platform.machine()}), {counted(torch.get_num_threads(), 'thread')}"
