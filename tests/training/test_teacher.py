"""The teacher: published weights by the library's names and order, and our own checkpoint."""

import json
from collections import OrderedDict
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision.models import DenseNet, densenet121

from xattn.data.findings import FINDINGS
from xattn.data.schemas import CHEST
from xattn.errors import CheckpointError, XattnError
from xattn.models.backbones import DenseNet121
from xattn.models.checkpoint import Calibration, Checkpoint, Description, save, system_of
from xattn.models.network import Backbone
from xattn.systems import SYSTEMS, System
from xattn.systems import load as xattn_load
from xattn.training import teacher as module
from xattn.training.cases import Cases
from xattn.training.distill import DistillationLoss
from xattn.training.judges import no_details
from xattn.training.loop import TrainingConfig, train
from xattn.training.losses import BinaryCrossEntropy
from xattn.training.pretrain import PretrainingConfig
from xattn.training.recipes import RECIPES, World
from xattn.training.run import Amounts, Run, run
from xattn.training.teacher import (
    PATHOLOGIES,
    SYSTEM,
    TEACHER,
    DenseNetTeacher,
    Teacher,
    TeacherConfig,
    build_teacher,
    published_teacher,
    read_teacher,
    taught,
    teacher_logits,
    trained_teacher,
)

NAN = torch.nan
MASKED = ("no_finding", "pleural_other", "support_devices")
CHEX_POINTS = torch.tensor(
    [
        0.2,
        0.06,
        NAN,
        0.05,
        0.14,
        NAN,
        NAN,
        0.27,
        0.08,
        NAN,
        0.2,
        NAN,
        NAN,
        NAN,
        0.1,
        0.09,
        0.33,
        0.11,
    ]
)
"""Which of the CheXpert weights' outputs were trained: the others have no operating point."""


class Tiny(Backbone):
    """DenseNet of four layers in place of 58, with the published one's names and scale."""

    channels, stride = 16, 32

    def __init__(self, in_channels: int = 1) -> None:
        super().__init__()
        net = DenseNet(growth_rate=8, block_config=(1, 1, 1, 1), num_init_features=8)
        net.features.conv0 = nn.Conv2d(in_channels, 8, 7, 2, 3, bias=False)
        self.body = nn.Sequential(OrderedDict(features=net.features))

    def forward(self, image):
        return torch.relu(self.body((2 * image - 1) * 1024))


@pytest.fixture
def tiny(monkeypatch):
    """Teachers of four layers, where what they see does not matter."""
    monkeypatch.setattr(module, "DenseNet121", Tiny)


@cache
def library_net(*, is_tiny: bool = True) -> DenseNet:
    """TorchXRayVision's layout: torchvision's DenseNet for one grey channel, seed 0."""
    shape = {"growth_rate": 8, "block_config": (1, 1, 1, 1), "num_init_features": 8}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = DenseNet(**shape if is_tiny else {}, num_classes=18)
        net.features.conv0 = nn.Conv2d(1, net.features.conv0.out_channels, 7, 2, 3, bias=False)
        for part in net.modules():
            if isinstance(part, nn.BatchNorm2d):
                nn.init.uniform_(part.weight, 0.5, 1.5)
                nn.init.uniform_(part.bias, -0.5, 0.5)
        # Fresh statistics would let films of ±1024 grow from layer to layer.
        net.features.norm0.running_var.fill_(1024.0**2)
        nn.init.uniform_(net.classifier.bias, -1, 1)
    return net.eval()


def films(count: int = 3, side: int = 224) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (count, 1, side, side), generator=generator).to(torch.uint8)


@pytest.fixture
def weights(tmp_path: Path, tiny) -> Path:
    torch.save(library_net().state_dict() | {"op_threshs": CHEX_POINTS}, tmp_path / "chex.pt")
    return tmp_path / "chex.pt"


def library_logits(images: torch.Tensor, *, is_tiny: bool) -> torch.Tensor:
    """What the library's network gives before its operating points."""
    with torch.no_grad():
        return library_net(is_tiny=is_tiny)((images / 255.0 * 2 - 1) * 1024)


@pytest.mark.parametrize("is_tiny", [True, False])
def test_published_logits_are_the_librarys_in_our_order(is_tiny, weights: Path, monkeypatch):
    if not is_tiny:
        monkeypatch.setattr(module, "DenseNet121", DenseNet121)
        torch.save(library_net(is_tiny=False).state_dict(), weights)
    logits = teacher_logits(published_teacher(weights), films(2))
    expected = library_logits(films(2), is_tiny=is_tiny)
    named = dict(zip(FINDINGS, logits.T, strict=True))
    pairs = {
        "enlarged_cardiomediastinum": 17,
        "cardiomegaly": 10,
        "lung_opacity": 16,
        "lung_lesion": 14,
        "edema": 4,
        "consolidation": 1,
        "pneumonia": 8,
        "atelectasis": 0,
        "pneumothorax": 3,
        "pleural_effusion": 7,
        "fracture": 15,
    }
    for name, column in pairs.items():
        # The same layers on the same greys; pooling sums cells in another order.
        torch.testing.assert_close(named[name], expected[:, column], rtol=1e-4, atol=1e-4)
    assert {name for name, column in named.items() if column.isnan().all()} == set(MASKED)
    assert set(pairs) | set(MASKED) == set(FINDINGS)
    assert (logits.shape, logits.dtype) == ((2, 14), torch.float32)


def test_logits_are_raw(weights: Path):
    logits = teacher_logits(published_teacher(weights), films())
    # Probabilities, and operating-point-normalised ones, would all be in 0 to 1.
    assert logits.nan_to_num().min() < 0
    torch.save(library_net().state_dict(), weights)
    without_points = teacher_logits(published_teacher(weights), films())
    assert torch.equal(logits.nan_to_num(7.0), without_points.nan_to_num(7.0))


def test_an_output_without_operating_point_is_masked(weights: Path):
    points = CHEX_POINTS.clone()
    points[PATHOLOGIES.index("Fracture")] = NAN
    torch.save(library_net().state_dict() | {"op_threshs": points}, weights)
    logits = teacher_logits(published_teacher(weights), films())
    lost = {name for name, column in zip(FINDINGS, logits.T, strict=True) if column.isnan().all()}
    assert lost == {*MASKED, "fracture"}


def test_safetensors_hold_the_same(weights: Path, tmp_path: Path):
    save_file(library_net().state_dict() | {"op_threshs": CHEX_POINTS}, tmp_path / "a.safetensors")
    pair = [published_teacher(path) for path in (weights, tmp_path / "a.safetensors")]
    first, second = (teacher_logits(each, films()).nan_to_num(7.0) for each in pair)
    assert torch.equal(first, second)


def test_the_network_is_densenet121_by_its_published_names():
    with torch.device("meta"):  # shapes only
        twin, own = densenet121(num_classes=18), DenseNetTeacher(TeacherConfig(outputs=18))
    shapes = {module._own_name(name): tensor.shape for name, tensor in twin.state_dict().items()}
    shapes["backbone.body.features.conv0.weight"] = torch.Size([64, 1, 7, 7])
    assert {name: tensor.shape for name, tensor in own.state_dict().items()} == shapes
    names = ("features.denseblock1.denselayer1.norm1.weight", "classifier.weight")
    assert [module._own_name(name) for name in names] == [
        "backbone.body.features.denseblock1.denselayer1.norm1.weight",
        "head.weight",
    ]


def test_batches_do_not_matter_and_other_sizes_are_resized(weights: Path):
    teacher = published_teacher(weights)
    one, all_at_once = (teacher_logits(teacher, films(5), batch=b).nan_to_num() for b in (2, 5))
    # Convolutions may block a batch otherwise: float32 sums of activations up to a hundred.
    torch.testing.assert_close(one, all_at_once, rtol=1e-4, atol=1e-4)
    large, small = (torch.full((1, 1, side, side), 200, dtype=torch.uint8) for side in (300, 224))
    resized, whole = (teacher_logits(teacher, film).nan_to_num() for film in (large, small))
    # A film of one grey is that film at every size.
    torch.testing.assert_close(resized, whole, rtol=1e-4, atol=1e-4)


def test_a_published_teacher_is_frozen(weights: Path):
    network = published_teacher(weights).network
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (library_net, "a whole pickled model"),
        (lambda: {"state_dict": library_net().state_dict()}, "a plain state dict"),
        (lambda: [torch.zeros(2)], "a plain state dict"),
        (lambda: library_net(is_tiny=False).state_dict(), "one-channel DenseNet-121"),
        (lambda: library_net().state_dict() | {"op_threshs": torch.ones(7)}, "with 18 outputs"),
        (lambda: {"features.conv0.weight": torch.zeros(8, 1, 7, 7)}, "names or shapes differ"),
    ],
    ids=["module", "nested", "list", "colour", "points", "partial"],
)
def test_other_files_are_refused_in_a_sentence(content, sentence, tmp_path: Path, tiny):
    torch.save(content(), tmp_path / "other.pt")
    with pytest.raises(CheckpointError, match=sentence) as refusal:
        published_teacher(tmp_path / "other.pt")
    assert str(tmp_path) not in str(refusal.value)


@pytest.mark.parametrize("name", ["other.pt", "other.safetensors"])
def test_damaged_large_and_missing_files_are_refused(name: str, tmp_path: Path, monkeypatch):
    with pytest.raises(CheckpointError, match="a readable file"):
        published_teacher(tmp_path / name)
    for content in (b"", b"not weights at all"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CheckpointError, match="a damaged file"):
            published_teacher(tmp_path / name)
    monkeypatch.setattr("xattn.models.foreign_weights.MAX_BYTES", 4)
    with pytest.raises(CheckpointError, match="however: more"):
        published_teacher(tmp_path / name)


def stored(folder: Path, network: DenseNetTeacher) -> Path:
    description = Description(
        system=SYSTEM,
        preset="tiny",
        version="0.0",
        config=asdict(network.config),
        training_data="test",
        is_phantom_trained=True,
        label_means=(0.2,) * network.config.outputs,
    )
    save(folder, Checkpoint(network.eval(), description, Calibration(), "card"))
    return folder


def ours(outputs: int = 14) -> DenseNetTeacher:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return DenseNetTeacher(TeacherConfig(outputs=outputs, size=64))


def test_our_checkpoint_speaks_for_every_finding(tmp_path: Path, tiny):
    network = ours()
    teacher = trained_teacher(stored(tmp_path, network))
    assert teacher.columns == tuple(range(14))
    with torch.no_grad():
        alone = network(films(3, 64) / 255.0, torch.zeros(3, 0), torch.zeros(3, 0))
    # The same network, read back from its float32 weights.
    assert torch.equal(teacher_logits(teacher, films(3, 64)), alone.scores)


def test_a_checkpoint_of_other_findings_is_refused(tmp_path: Path, tiny):
    with pytest.raises(CheckpointError, match="14 findings, however: 18 outputs"):
        trained_teacher(stored(tmp_path, ours(18)))


class Asking(DenseNetTeacher):
    """A network that reads a form, and says what it was given."""

    def fuse(self, image, values, known):
        assert (values.shape[1], known.shape[1]) == (6, 4)
        assert not known.any()
        return super().fuse(image, values, known)


def test_a_network_with_a_form_is_asked_about_the_film_alone(tmp_path: Path, tiny):
    folder = stored(tmp_path, ours())
    build = lambda config: Asking(build_teacher(config).config)  # noqa: E731
    teacher = trained_teacher(folder, build, form=(6, 4))
    plain = trained_teacher(folder)
    assert torch.equal(teacher_logits(teacher, films()), teacher_logits(plain, films()))


def test_columns_choose_outputs_and_none_is_nan(tiny):
    teacher = Teacher(ours(2).eval(), (1, None, 0))
    logits = teacher_logits(teacher, films(3, 64))
    with torch.no_grad():
        scores = teacher.network(films(3, 64) / 255.0, torch.zeros(3, 0), torch.zeros(3, 0)).scores
    assert torch.equal(logits[:, [2, 0]], scores)
    assert bool(logits[:, 1].isnan().all())


def cases(count: int = 5) -> Cases:
    """Films with labels of chance, of which the first finding's expectation is known."""
    generator = torch.Generator().manual_seed(3)
    labels = (torch.rand(count, 14, generator=generator) < 0.3).float()
    expected = torch.full((count, 3, 14), NAN)
    expected[..., 0] = 0.25
    form = torch.zeros(count, sum(CHEST.sizes)), torch.zeros(count, 4, dtype=torch.bool)
    return Cases(films(count, 64), *form, labels, expected, torch.full((count, 1), NAN))


def test_taught_cases_aim_at_the_same_and_at_the_teachers_logits(tiny):
    teacher, plain = Teacher(ours().eval(), (*range(13), None)), cases()
    given = taught(plain, teacher, batch=2)
    assert torch.equal(given.targets[..., :14], plain.targets)
    logits = teacher_logits(teacher, plain.images, batch=2)
    for way in given.targets.unbind(dim=1):
        assert torch.equal(way[:, 14:].nan_to_num(7.0), logits.nan_to_num(7.0))
    assert bool(given.targets[..., 27].isnan().all())
    part = given.take(torch.tensor([3, 1]))
    assert torch.equal(part.targets.nan_to_num(7.0), given.targets[[3, 1]].nan_to_num(7.0))


def test_a_teacher_is_read_from_what_the_path_holds(tmp_path: Path, weights: Path):
    network = stored(tmp_path / "own", ours())
    model = SYSTEMS["chest"].build({"size": 64, "dim": 20})
    description = Description(
        system="chest", preset="tiny", version="0.0", config=asdict(model.config),
        training_data="test", is_phantom_trained=True, label_means=(0.2,) * 14,
    )  # fmt: skip
    save(tmp_path / "chest", Checkpoint(model.eval(), description, Calibration(), "card"))
    one = cases(2)
    with torch.no_grad():
        said = {
            weights: teacher_logits(published_teacher(weights), one.images),
            network: teacher_logits(trained_teacher(network), one.images),
            tmp_path / "chest": model(one.images / 255.0, one.values, one.known).scores,
        }
    for path, logits in said.items():
        read = teacher_logits(read_teacher(path), one.images)
        assert torch.equal(read.nan_to_num(7.0), logits.nan_to_num(7.0))


def experiment(system: System, **changes: object) -> Run:
    """The shortest run on phantoms of 64 px."""
    return Run(
        system=system,
        changes=(("size", 64),),
        amounts=Amounts(training=4, validation=4, calibration=8, test=8),
        world=World(size=64),
        training=TrainingConfig(epochs=1, batch=4),
        pretraining=PretrainingConfig(epochs=0),
        processes=1,
        **changes,
    )


def test_a_teacher_is_trained_by_the_loop_and_teaches_a_student(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    recipe = RECIPES["chest"]
    quick = replace(recipe.judge, draws=2, details=no_details, variants=(), groupings=())
    monkeypatch.setitem(RECIPES, "chest", replace(recipe, judge=quick))
    run(experiment(TEACHER), tmp_path / "cache", tmp_path / "teacher")
    student = experiment(SYSTEMS["chest"], teacher=tmp_path / "teacher")
    weighted = replace(student, distillation=DistillationLoss(has_label_weights=True))
    untaught = replace(student, teacher=None)
    assert len({student.name, weighted.name, untaught.name}) == 3  # each keeps its own state
    found = run(student, tmp_path / "cache", tmp_path / "student")
    assert found is not None
    loaded = xattn_load(tmp_path / "student")
    assert loaded.module.heads.second is not None
    assert "a teacher's word" in loaded.checkpoint.card
    settings = json.loads((tmp_path / "student" / "training.json").read_text())
    assert settings["DistillationLoss"]["alpha"] == 0.5
    assert system_of(tmp_path / "teacher") == SYSTEM


def test_a_teacher_of_another_system_is_refused(tmp_path: Path):
    with pytest.raises(XattnError, match="however the system is hip"):
        experiment(SYSTEMS["hip"], teacher=tmp_path)


def test_the_loop_trains_it(tmp_path: Path, tiny):
    # Bright films have the finding, dark ones do not: 48 of them are enough.
    generator = torch.Generator().manual_seed(0)
    sick = torch.rand(48, generator=generator) < 0.5
    images = torch.randint(0, 60, (48, 1, 64, 64), generator=generator) + 120 * sick.view(
        -1, 1, 1, 1
    )
    labels = sick.float()[:, None]
    form = torch.zeros(48, 0), torch.zeros(48, 0, dtype=torch.bool)
    unknown = torch.full((48, 3, 1), torch.nan)
    cases = Cases(images.to(torch.uint8), *form, labels, unknown, torch.zeros(48, 0))
    config = TrainingConfig(epochs=6, batch=8, rate=3e-3)
    trained = train(ours(1), BinaryCrossEntropy(), (cases, cases), config, tmp_path)
    logits = teacher_logits(Teacher(trained, (0,)), cases.images)
    assert bool(((logits > 0) == (labels > 0)).all())
