"""A folder of images, one folder per class, to arrays of bytes."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from paribus.errors import DataError, MissingPackageError, printable


FORMATS = ("PNG", "JPEG", "BMP", "PPM", "WEBP", "GIF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".pgm", ".webp", ".gif")
MAX_PIXELS = 2**24

_GREY, _COLOUR = ("L", "1"), ("RGB", "RGBA", "P", "PA", "LA", "CMYK", "YCbCr")


def class_folders(folder: Path) -> list[Path]:
    """The folders in a folder that hold images, in alphabetical order."""
    return [
        part
        for part in sorted(folder.iterdir())
        if part.is_dir()
        and not part.name.startswith(".")
        and any(file.suffix.lower() in SUFFIXES for file in part.iterdir())
    ]


def read_images(folder: Path, path: str) -> tuple[np.ndarray, np.ndarray]:
    """Read a folder that has one folder of images for each class.

    Args:
        folder: With the class folders.
        path: As the user wrote it.

    Returns:
        Bytes [example, row, column], or [example, row, column, colour] if any image has
        colours, and the name of each one's class.

    Raises:
        DataError: If an image is damaged, or another size than the first.
        MissingPackageError: If Pillow is not installed.
    """
    files = [
        (part.name, file)
        for part in class_folders(folder)
        for file in sorted(part.iterdir())
        if not file.name.startswith(".")
    ]
    images = [_read(file, _shown(file, folder, path)) for _, file in files]
    has_colour = any(image.ndim == 3 for image in images)
    first = images[0].shape[:2]
    for (_, file), image in zip(files, images, strict=True):
        if image.shape[:2] != first:
            height, width = image.shape[:2]
            raise DataError(
                f"`{_shown(file, folder, path)}` must be {first[1]} x {first[0]} "
                f"pixels as the first image, got {width} x {height}",
                hint="images are used as they are: give all one size before",
            )
    if has_colour:
        images = [
            np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image
            for image in images
        ]
    return np.stack(images), np.array([name for name, _ in files])


def _shown(file: Path, folder: Path, path: str) -> str:
    return printable(f"{path.rstrip('/')}/{file.relative_to(folder).as_posix()}")


def _read(file: Path, path: str) -> np.ndarray:
    library = _pillow()
    if not file.is_file():
        raise DataError(f"`{path}` must be an image, it is not a regular file")
    try:
        with (
            warnings.catch_warnings(
                action="ignore", category=library.DecompressionBombWarning
            ),  # our own limit is far below
            library.open(file, formats=FORMATS) as image,
        ):
            _check(image, path)
            return np.asarray(image.convert("L" if image.mode in _GREY else "RGB"))
    except DataError:
        raise
    except library.UnidentifiedImageError:
        raise DataError(f"`{path}` is not an image ({', '.join(FORMATS)})") from None
    except library.DecompressionBombError as error:
        raise DataError(f"`{path}` has too many pixels: {error}") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise DataError(f"`{path}` is damaged or incomplete: {error}") from error


def _check(image: Any, path: str) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise DataError(
            f"`{path}` must have at most {MAX_PIXELS:,} pixels, got {image.width} x "
            f"{image.height}"
        )
    if (n_frames := getattr(image, "n_frames", 1)) != 1:
        raise DataError(f"`{path}` must be one picture, got {n_frames}")
    if image.mode not in (*_GREY, *_COLOUR):
        raise DataError(f"`{path}` must have 8 bits per colour, got mode {image.mode}")


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingPackageError(
            "folders of images need the package Pillow",
            hint="pip install 'paribus[images]'",
        ) from error
    return Image
