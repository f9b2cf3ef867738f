"""The published autoencoders: their numbers of parameters, their shapes, what they refuse."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from pxcore.errors import DatasetError, TrainingError
from pxcore.models.autoencoders import AUTOENCODERS, AutoencoderRequest
from pxcore.types.unlabelled import Option, Planes

PICTURES = Planes(pictures=3)
VOLUMES = Planes(volumes=2, depth=17)
BOTH = Planes(pictures=3, volumes=2, depth=17)
BOTH_FLAT = Planes(pictures=1, volumes=1, depth=15)
SMALL: dict[str, tuple[Planes, tuple[Option, ...], int]] = {
    "dcae_2d": (PICTURES, (("width", 4), ("code", 8)), 8),
    "dcae_3d": (VOLUMES, (("width", 2), ("code", 6)), 6),
    "dcae_fused": (BOTH, (("width", 4), ("volume_width", 2), ("code", 8)), 16),
}


@pytest.mark.parametrize(
    ("name", "planes", "published"),
    [
        ("dcae_2d", Planes(pictures=1), 5_298_624),
        ("dcae_3d", Planes(volumes=1, depth=80), 8_790_977),
        ("dcae_fused", Planes(pictures=1, volumes=1, depth=80), 22_281_345),
    ],
)
def test_the_published_numbers_of_parameters(name: str, planes: Planes, published: int) -> None:
    network = AUTOENCODERS[name].build(AutoencoderRequest(planes=planes, image_size=(80, 80)))
    assert sum(weight.numel() for weight in network.parameters()) == published


@pytest.mark.parametrize("size", [(32, 26), (33, 40)])
@pytest.mark.parametrize("name", AUTOENCODERS)
def test_cells_come_out_as_large_as_they_went_in(name: str, size: tuple[int, int]) -> None:
    planes, options, n_codes = SMALL[name]
    entry = AUTOENCODERS[name]
    network = entry.build(AutoencoderRequest(planes=planes, image_size=size, options=options))
    cells = torch.rand(2, planes.count, *size, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        codes = network.get_submodule("encoder")(cells)
        drawn = network.get_submodule("decoder")(codes)
    assert codes.shape == (2, n_codes)
    assert drawn.shape == cells.shape
    assert float(drawn.min()) >= 0.0
    for part in (entry.last_map, *entry.stages):
        assert not part or isinstance(network.get_submodule(part), torch.nn.Conv2d)


def test_a_fused_code_is_the_pictures_code_then_the_volumes() -> None:
    planes, options, _ = SMALL["dcae_fused"]
    request = AutoencoderRequest(planes=planes, image_size=(32, 32), options=options)
    encoder = AUTOENCODERS["dcae_fused"].build(request).eval().get_submodule("encoder")
    cells = torch.rand(2, planes.count, 32, 32)
    other = cells.clone()
    other[:, 3:] = 0.5
    codes, changed = encoder(cells), encoder(other)
    assert torch.equal(codes[:, :8], changed[:, :8])
    assert not torch.equal(codes[:, 8:], changed[:, 8:])


@pytest.mark.parametrize(
    ("name", "planes", "size", "options", "words"),
    [
        ("dcae_2d", BOTH, (32, 32), (), "takes pictures only"),
        ("dcae_3d", PICTURES, (32, 32), (), "takes volumes only"),
        ("dcae_fused", PICTURES, (32, 32), (), "takes pictures and volumes"),
        ("dcae_2d", PICTURES, (16, 32), (), "at least 17 x 17"),
        ("dcae_3d", Planes(volumes=1, depth=8), (32, 32), (), "8 slices .* are too shallow"),
        ("dcae_3d", Planes(volumes=1, depth=8), (32, 32), (), "import the slices as pictures"),
        ("dcae_3d", Planes(volumes=1, depth=16), (15, 32), (), "are too small .* larger frame"),
        ("dcae_fused", BOTH_FLAT, (14, 32), (), "at least 17 x 17"),
        ("dcae_fused", BOTH_FLAT, (32, 32), (), "15 slices .* at least 16 in every direction"),
        ("dcae_2d", PICTURES, (32, 32), (("depth", 3),), "no setting 'depth'"),
        ("dcae_2d", PICTURES, (32, 32), (("code", 0),), "at least 1"),
    ],
)
def test_what_does_not_fit_is_refused(
    name: str, planes: Planes, size: tuple[int, int], options: tuple[Option, ...], words: str
) -> None:
    with pytest.raises(TrainingError, match=words):
        AUTOENCODERS[name].build(
            AutoencoderRequest(planes=planes, image_size=size, options=options)
        )


@pytest.mark.parametrize(
    "numbers",
    [{}, {"pictures": -1}, {"volumes": 1}, {"pictures": 1, "depth": 3}],
)
def test_planes_of_no_cell_are_refused(numbers: dict[str, int]) -> None:
    with pytest.raises(DatasetError, match="does not exist"):
        Planes(**numbers)


def test_the_table_is_listed_without_torch() -> None:
    code = "import sys; import pxcore.models.autoencoders; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_documented_commands_give_the_published_sizes() -> None:
    """A host without CUDA suggests smaller ones, so that each must be told."""
    page = Path(__file__).parents[2].joinpath("docs", "unlabelled.md").read_text("utf-8")
    commands = re.findall(r"cluster DATASET (--model (?:.*\\\n)*.*)", page)
    told = {}
    for one in commands:
        named = re.findall(r"--model-option (\w+)=(\d+)", one)
        told[one.split()[1]] = {name: int(value) for name, value in named}
        assert "--limits full_scale" in one
    assert told == {name: dict(AUTOENCODERS[name].options) for name in ("dcae_fused", "dcae_3d")}
