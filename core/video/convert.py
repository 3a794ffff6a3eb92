"""From decoded pictures to upright RGB, with the right colour matrix and range.

Tagged streams are converted by their tags. Untagged YCbCr follows the players'
convention: BT.709 from 720 lines on, BT.601 below, limited range. The display matrix
(rotation and mirroring) is applied, so boxes refer to what the person sees. Pixels
stay as stored: anamorphic pictures are not stretched.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from av import VideoFrame
from av.sidedata.sidedata import Type as SideData
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from core.errors import VideoError
from core.video import faults
from core.video.source import Image

_UNSPECIFIED = 2  # AVCOL_SPC_UNSPECIFIED
_HD_LINES = 720

Orientation = tuple[int, bool]  # quarter turns counterclockwise, then mirror left-right
UPRIGHT: Orientation = (0, False)


def orientation_of(frame: VideoFrame) -> Orientation | None:
    """Quarter turns and mirroring that show `frame` upright; None if not a right angle.

    The display matrix maps stored ``(x, y)`` to shown ``(a·x + c·y, b·x + d·y)``.
    """
    side_data: Any = frame.side_data  # a Mapping, which the stubs mistake for a TypedDict
    found = side_data.get(SideData.DISPLAYMATRIX)
    if found is None:
        return UPRIGHT
    a, b, _, c, d = struct.unpack_from("=5i", _bytes_of(found))
    matrix = tuple((v > 0) - (v < 0) for v in (a, b, c, d))
    turns: dict[tuple[int, ...], Orientation] = {
        (1, 0, 0, 1): (0, False),
        (0, 1, -1, 0): (3, False),
        (-1, 0, 0, -1): (2, False),
        (0, -1, 1, 0): (1, False),
        (-1, 0, 0, 1): (0, True),
        (1, 0, 0, -1): (2, True),
        (0, 1, 1, 0): (3, True),
        (0, -1, -1, 0): (1, True),
    }
    return turns.get(matrix)


def shown_size(width: int, height: int, orientation: Orientation) -> tuple[int, int]:
    """``(width, height)`` after turning."""
    return (height, width) if orientation[0] % 2 else (width, height)


class Converter:
    """Turns decoded frames into RGB arrays; keeps one swscale context. Not thread-safe.

    Parameters
    ----------
    width, height
        Stored size of the first picture, pixels; later pictures of another size are
        scaled to it.
    orientation
        Turn applied after conversion.
    """

    def __init__(self, width: int, height: int, orientation: Orientation = UPRIGHT) -> None:
        self._size = (width, height)
        self._orientation = orientation
        self._reformatter = VideoReformatter()

    def rgb(self, frame: VideoFrame) -> Image:
        """Upright picture, ``(H, W, 3)`` uint8 RGB, C-contiguous, read-only, never reused.

        Raises
        ------
        VideoError
            If the pixel format cannot be converted.
        """
        colorspace = None
        if frame.colorspace == _UNSPECIFIED and not frame.format.is_rgb:
            high = min(self._size) >= _HD_LINES
            colorspace = Colorspace.ITU709 if high else Colorspace.ITU601
        try:
            converted = self._reformatter.reformat(
                frame,
                width=self._size[0],
                height=self._size[1],
                format="rgb24",
                src_colorspace=colorspace,
                dst_color_range=ColorRange.JPEG,
                threads=1,
            )
        except faults.DECODER_FAULTS as error:
            raise VideoError(
                f"Pictures in the pixel format “{frame.format.name}” cannot be shown.",
                "Convert the video to H.264 in mp4 with 8 bits (yuv420p).",
                repr(error),
            ) from error
        image = _as_array(converted, copy=converted is frame)
        turns, mirrored = self._orientation
        if turns:
            image = np.rot90(image, turns)
        if mirrored:
            image = image[:, ::-1]
        image = np.ascontiguousarray(image)
        image.flags.writeable = False
        return image


def _as_array(frame: VideoFrame, *, copy: bool) -> Image:
    """The samples of an rgb24 picture; shares its memory where rows have no padding."""
    plane = frame.planes[0]
    row = frame.width * 3
    if copy or plane.line_size != row:
        return np.asarray(frame.to_ndarray(), dtype=np.uint8)
    flat = np.frombuffer(_bytes_of(plane), np.uint8, count=row * frame.height)
    return flat.reshape(frame.height, frame.width, 3)


def _bytes_of(buffer: Any) -> memoryview:
    # PyAV's planes and side data have the buffer protocol, which their stubs leave out.
    return memoryview(buffer)


def signature(frame: VideoFrame) -> int:
    """CRC-32 of all samples of a decoded picture (padding left out).

    Two decodings of the same frame agree bit for bit; neighbours differ unless their
    pictures are identical.
    """
    crc = zlib.crc32(f"{frame.width}x{frame.height} {frame.format.name}".encode())
    planes, components = frame.planes, frame.format.components
    one_each = len(planes) == len(components) and (frame.format.is_planar or len(planes) == 1)
    if not one_each:  # interleaved samples: their RGB form has no padding
        return zlib.crc32(np.ascontiguousarray(frame.to_ndarray(format="rgb24")).data, crc)
    for plane, component in zip(planes, components, strict=True):
        row_bytes = plane.width * ((component.bits + 7) // 8)
        rows = np.frombuffer(_bytes_of(plane), np.uint8, count=plane.line_size * plane.height)
        rows = rows.reshape(plane.height, plane.line_size)[:, :row_bytes]
        crc = zlib.crc32(np.ascontiguousarray(rows).data, crc)
    return crc


def stored_bytes(frame: VideoFrame) -> int:
    """Memory that a decoded picture holds, bytes."""
    return sum(plane.buffer_size for plane in frame.planes)
