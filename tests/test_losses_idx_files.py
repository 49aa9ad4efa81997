"""IDX files: what was written is read, and whatever is wrong with a file is said with its name."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import regretlab as rl
from regretlab.losses import mnist, read_idx

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}
MNIST = Path(__file__).parents[2] / "shared" / "data" / "mnist"


def idx(array):
    """The bytes of an IDX file."""
    code = CODES[array.dtype.str[1:]]
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


arrays = st.sampled_from(sorted(CODES)).flatmap(
    lambda code: hnp.arrays(code, hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5))
)


@given(array=arrays, compressed=st.booleans())
def test_what_was_written_is_read(array, compressed, tmp_path_factory):
    path = tmp_path_factory.mktemp("idx") / "array"
    path.write_bytes(gzip.compress(idx(array)) if compressed else idx(array))
    found = read_idx(path)
    assert found.dtype == array.dtype
    assert found.dtype.isnative
    assert found.shape == array.shape
    assert found.tobytes() == array.tobytes()


GOOD = idx(np.arange(12, dtype=np.int16).reshape(3, 4))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "is not an IDX file: it starts with nothing"),
        (b"\0\0\x08", "is not an IDX file: it starts with 00 00 08"),
        (b"\x01" + GOOD[1:], "is not an IDX file: it starts with 01 00 0b 02, not with 00 00"),
        (GOOD[:2] + b"\x0a" + GOOD[3:], "has the type code 0a; an IDX file has one of 08, 09, 0b, 0c, 0d, 0e"),
        (GOOD[:3] + b"\0" + GOOD[4:], "has 0 dimensions"),
        (GOOD[:10], "is truncated: the 2 dimensions take 12 bytes, and it has 10"),
        (GOOD[:-1], r"is truncated: dimensions \(3, 4\) of 2-byte numbers take 24 bytes, and 23 follow the header"),
        (GOOD + b"\0", r"has trailing bytes: .* take 24 bytes, and more follow the header"),
        (struct.pack(">BBBB3I", 0, 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1), "is truncated"),
        (gzip.compress(GOOD, mtime=0)[:-9], "is a damaged gzip file"),
        (gzip.compress(GOOD, mtime=0)[:12] + b"\xff" * 40, "is a damaged gzip file"),
        (gzip.compress(GOOD[:-1], mtime=0), "is truncated"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(raw, message, tmp_path):
    path = tmp_path / "data-idx2"
    path.write_bytes(raw)
    with pytest.raises(ValueError, match=f"data-idx2 {message}"):
        read_idx(path)


@given(data=st.data(), compressed=st.booleans())
def test_a_damaged_file_is_an_array_or_an_error_that_names_it(data, compressed, tmp_path_factory):
    raw = bytearray(gzip.compress(GOOD, mtime=0) if compressed else GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("idx") / "damaged"
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])
    try:
        assert read_idx(path).nbytes <= len(GOOD)
    except ValueError as error:
        if "damaged" not in str(error):
            raise


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_idx(tmp_path / "nowhere")


def write(folder, pixels, digits, part="t10k", suffix=""):
    pack = gzip.compress if suffix else bytes
    (folder / f"{part}-images-idx3-ubyte{suffix}").write_bytes(pack(idx(pixels)))
    (folder / f"{part}-labels-idx1-ubyte{suffix}").write_bytes(pack(idx(digits)))


PIXELS = np.array([[[0, 51], [102, 255]], [[1, 2], [3, 4]], [[0, 0], [0, 0]]], dtype=np.uint8)
DIGITS = np.array([7, 0, 9], dtype=np.uint8)


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("part", ["t10k", "train"])
def test_mnist_from_a_folder(tmp_path, part, suffix):
    write(tmp_path, PIXELS, DIGITS, part, suffix)
    features, labels = mnist(tmp_path, part)
    assert features.tolist() == (PIXELS.reshape(3, 4) / 255.0).tolist()
    assert features[0].tolist() == [0.0, 0.2, 0.4, 1.0]
    assert labels.tolist() == [7, 0, 9]
    assert features.dtype == np.float64
    assert labels.dtype == np.int64


@pytest.mark.parametrize(
    ("pixels", "digits", "message"),
    [
        (PIXELS[0], DIGITS, r"images-idx3-ubyte holds uint8 of shape \(2, 2\); MNIST has uint8 in 3 dimensions"),
        (PIXELS.astype(np.int16), DIGITS, r"images-idx3-ubyte holds int16"),
        (PIXELS, DIGITS[:, None], r"labels-idx1-ubyte holds uint8 of shape \(3, 1\)"),
        (PIXELS[:0], DIGITS[:0], r"images-idx3-ubyte holds uint8 of shape \(0, 2, 2\)"),
        (PIXELS[:2], DIGITS, r"images-idx3-ubyte has 2 images and .*labels-idx1-ubyte has 3 labels"),
        (PIXELS, DIGITS + np.uint8(1), r"labels-idx1-ubyte: label 10 at index 2 is not a digit 0..9"),
    ],
)
def test_files_that_are_not_mnist(tmp_path, pixels, digits, message):
    write(tmp_path, pixels, digits)
    with pytest.raises(ValueError, match=message):
        mnist(tmp_path)


def test_a_folder_without_mnist(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"neither t10k-images-idx3-ubyte nor t10k-images-idx3-ubyte\.gz"):
        mnist(tmp_path)
    with pytest.raises(ValueError, match="part='test' must be 't10k' or 'train'"):
        mnist(tmp_path, "test")


@pytest.mark.skipif(not MNIST.is_dir(), reason="the files of MNIST are not here")
def test_the_real_digits():
    features, labels = mnist(MNIST)
    assert features.shape == (10_000, 784)
    assert (features.min(), features.max()) == (0.0, 1.0)
    assert np.bincount(labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    digits = rl.losses.SoftmaxRegression(features, labels, batch=128)
    game = rl.play(rl.learners.AMSGrad(alpha=0.01), digits, rl.sets.Box(-1.0, 1.0), 60, checkpoints=[1, 60])
    assert game.record.loss[0].sum() == pytest.approx(np.log(10.0), rel=1e-12)  # x_1 = 0: all classes alike
    X = game.point.reshape(10, 784)
    assert ((features @ X.T).argmax(axis=1) == labels).mean() > 0.8
