"""The large networks as the literature counts them: parameters, shapes, multiply-adds, receptive fields.

Nothing is allocated: the networks are outlines.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate import Input, applications, layers
from striate.applications import NETWORKS
from striate.errors import DataError, ModelFileError, ShapeError, StriateError
from striate.graph import outlines
from striate.models import Model
from striate.models.receptive import receptive_fields

# All parameters, and those that are trained.
COUNTS = {
    "AlexNet": (62_378_344, 62_378_344),  # Krizhevsky et al. 2012 without their two groups
    "VGG11": (132_863_336, 132_863_336),  # Simonyan and Zisserman 2015, table 2: 133, 133, 138, 144 million;
    "VGG13": (133_047_848, 133_047_848),  # to the last digit torchvision's
    "VGG16": (138_357_544, 138_357_544),  # keras.applications
    "VGG19": (143_667_240, 143_667_240),
    "ResNet18": (11_699_112, 11_689_512),  # torchvision's, and their moving means and variances
    "ResNet34": (21_814_696, 21_797_672),
    "ResNet50": (25_636_712, 25_583_592),  # keras.applications
    "ResNet101": (44_707_176, 44_601_832),
    "ResNet152": (60_419_944, 60_268_520),
    "InceptionV3": (23_851_784, 23_817_352),
    "MobileNet": (4_253_864, 4_231_976),
    "MobileNetV2": (3_538_984, 3_504_872),
    "EfficientNetLite0": (4_694_024, 4_652_008),  # the authors' table: 4.7, 5.4, 6.1, 8.2 and 13.0 million;
    "EfficientNetLite1": (5_470_344, 5_416_680),  # to the last digit timm's tf_efficientnet_lite
    "EfficientNetLite2": (6_150_168, 6_092_072),
    "EfficientNetLite3": (8_273_768, 8_197_096),
    "EfficientNetLite4": (13_118_936, 13_006_568),
    "GoogLeNet": (13_378_280, 13_378_280),  # bvlc_googlenet for Caffe
    "ZFNet": (107_627_624, 107_627_624),  # by hand, from Zeiler and Fergus 2014, table 3
}


def outline(builder: str, **options: Any) -> Model:
    with outlines():
        model: Model = getattr(applications, builder)(weights=None, **options)
    return model


def count(parameters: list[Any]) -> int:
    return sum(int(np.prod(parameter.shape)) for parameter in parameters)


@pytest.mark.parametrize("name", COUNTS)
def test_parameters(name: str) -> None:
    model = outline(name)
    assert (model.count_params(), count(model.trainable_weights)) == COUNTS[name]


def test_parameters_of_variants() -> None:
    assert outline("AlexNet", two_towers=True).count_params() == 60_965_224
    assert outline("ZFNet", wide=False).count_params() == 62_357_608
    assert outline("GoogLeNet", auxiliary=False).count_params() == 6_998_552
    assert outline("MobileNet", alpha=0.25).count_params() == 475_544  # Keras's table: 0.5 million
    assert outline("MobileNetV2", alpha=1.4).count_params() == 6_156_712


# The table of the lecture: (layer, output, parameters).
ALEXNET = [
    ("conv1", (55, 55, 96), 34_944), ("pool1", (27, 27, 96), 0), ("norm1", (27, 27, 96), 0),
    ("conv2", (27, 27, 256), 614_656), ("pool2", (13, 13, 256), 0), ("norm2", (13, 13, 256), 0),
    ("conv3", (13, 13, 384), 885_120), ("conv4", (13, 13, 384), 1_327_488), ("conv5", (13, 13, 256), 884_992),
    ("pool3", (6, 6, 256), 0), ("fc6", (4096,), 37_752_832), ("fc7", (4096,), 16_781_312), ("fc8", (1000,), 4_097_000),
]  # fmt: skip


def test_alexnet_is_the_lecture_s_table() -> None:
    model = outline("AlexNet")
    assert model.input_shape == (None, 227, 227, 3)
    rows = [(layer.name, layer.output_shape[1:], layer.count_params()) for layer in model.layers]
    assert [row for row in rows if not row[0].startswith(("input", "drop", "flatten"))] == ALEXNET
    towers = {layer.name: layer.count_params() for layer in outline("AlexNet", two_towers=True).layers}
    assert [towers[f"conv{i}"] for i in (1, 2, 3, 4, 5)] == [34_944, 307_456, 885_120, 663_936, 442_624]


def test_zfnet_is_the_paper_s_figure() -> None:
    shapes = [(layer.name, layer.output_shape[1:]) for layer in outline("ZFNet", wide=False).layers]
    expected = {
        "conv1": (110, 110, 96), "pool1": (55, 55, 96), "conv2": (26, 26, 256), "pool2": (13, 13, 256),
        "conv3": (13, 13, 384), "conv4": (13, 13, 384), "conv5": (13, 13, 256), "pool3": (6, 6, 256),
    }  # fmt: skip
    assert {name: shape for name, shape in shapes if name in expected} == expected


def test_googlenet_is_the_paper_s_table() -> None:
    model = outline("GoogLeNet")
    shapes = {layer.name: layer.output_shape[1:] for layer in model.layers}
    expected = {
        "conv1_7x7_s2": (112, 112, 64), "pool1_3x3_s2": (56, 56, 64), "conv2_3x3": (56, 56, 192),
        "pool2_3x3_s2": (28, 28, 192), "inception_3a_output": (28, 28, 256), "inception_3b_output": (28, 28, 480),
        "pool3_3x3_s2": (14, 14, 480), "inception_4a_output": (14, 14, 512), "inception_4b_output": (14, 14, 512),
        "inception_4c_output": (14, 14, 512), "inception_4d_output": (14, 14, 528),
        "inception_4e_output": (14, 14, 832), "pool4_3x3_s2": (7, 7, 832), "inception_5a_output": (7, 7, 832),
        "inception_5b_output": (7, 7, 1024), "loss1_ave_pool": (4, 4, 512), "loss2_ave_pool": (4, 4, 528),
    }  # fmt: skip
    assert {name: shapes[name] for name in expected} == expected
    assert model.output_names == ["loss3_classifier", "loss1_classifier", "loss2_classifier"]
    assert model.output_shape == [(None, 1000)] * 3


def test_resnets_have_the_paper_s_number_of_layers() -> None:
    for depth in (18, 34, 50, 101, 152):
        model = outline(f"ResNet{depth}")
        weighted = [layer for layer in model.layers if type(layer).__name__ in ("Conv2D", "Dense")]
        assert len([layer for layer in weighted if not layer.name.endswith("_0_conv")]) == depth
        assert model.get_layer("conv5_block1_out").output_shape[1:3] == (7, 7)


# Billions of multiply-adds: the papers', with what they round and leave out.
COSTS = {
    "resnet18": 1.8, "resnet34": 3.6, "resnet50": 3.8, "resnet101": 7.6, "resnet152": 11.3, "mobilenet": 0.569,
    "mobilenet_v2": 0.3, "googlenet": 1.5, "efficientnet_lite0": 0.407, "inception_v3": 5.7, "vgg16": 15.5,
}  # fmt: skip


@pytest.mark.parametrize("name", COSTS)
def test_multiply_adds(name: str) -> None:
    cost = sum(node.multiply_adds() for node in NETWORKS[name].outline().graph.nodes)
    assert cost / 1e9 == pytest.approx(COSTS[name], rel=0.06)


# Araujo, Norris and Sim 2019, "Computing receptive fields of convolutional neural networks", table 1.
FIELDS = {
    "alexnet": ("pool3", 195), "vgg16": ("block5_pool", 212), "resnet50": ("conv5_block3_out", 483),
    "resnet101": ("conv5_block3_out", 1027), "resnet152": ("conv5_block3_out", 1507), "inception_v3": ("mixed10", 1311),
    "mobilenet": ("conv_pw_13_relu", 315),
}  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_receptive_fields(name: str) -> None:
    layer, size = FIELDS[name]
    model = NETWORKS[name].outline()
    field = receptive_fields(model.graph)[model.node(layer)]
    assert field is not None
    assert field.size == (size, size)


# The arguments


@pytest.mark.parametrize("name", COUNTS)
def test_without_the_top(name: str) -> None:
    size = NETWORKS["inception_v3"].smallest if name == "InceptionV3" else 72
    maps = outline(name, include_top=False, input_shape=(size, size, 3)).output_shape
    assert len(maps) == 4
    assert outline(name, include_top=False, input_shape=(size, size, 3), pooling="avg").output_shape == (None, maps[-1])
    assert outline(name, include_top=False, input_shape=(size, size, 3), pooling="max").output_shape == (None, maps[-1])
    assert outline(name, include_top=False).output_shape == (None, None, None, maps[-1])


def test_other_classes_shapes_and_tensors() -> None:
    model = outline("VGG16", input_shape=(64, 48, 1), classes=7, classifier_activation=None, name="mine")
    assert (model.name, model.input_shape, model.output_shape) == ("mine", (None, 64, 48, 1), (None, 7))
    with outlines():
        images = Input((40, 40, 3), name="images")
        halved = layers.MaxPooling2D()(layers.ZeroPadding2D(12)(images))
        inner = applications.ResNet18(input_tensor=halved, weights=None, classes=3)
    assert inner.input_shape == (None, 40, 40, 3)
    assert inner.layers[0].name == "images"
    assert inner.output_shape == (None, 3)
    assert outline("ResNet50", input_shape=(None, None, 3)).output_shape == (None, 1000)


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("VGG16", {"weights": "imagnet"}, "weights='imagnet'"),
    ("VGG16", {"weights": "imagenet", "classes": 10}, "classes=10"),
    ("VGG16", {"weights": "imagenet", "input_shape": (200, 200, 3)}, r"expected \(224, 224, 3\)"),
    ("VGG16", {"weights": "imagenet", "include_top": False, "input_shape": (64, 64, 1)}, "3 channels"),
    ("VGG16", {"weights": "imagenet", "classifier_activation": "sigmoid"}, "sigmoid"),
    ("VGG16", {"input_shape": (31, 224, 3)}, "at least 32x32"),
    ("VGG16", {"input_shape": (None, None, 3)}, "known sizes"),
    ("VGG16", {"input_shape": (224, 224)}, "height, width, channels"),
    ("VGG16", {"include_top": False, "pooling": "mean"}, "pooling='mean'"),
    ("ResNet18", {"weights": "imagenet"}, "no published weights"),
    ("ResNet50", {"input_tensor": np.zeros((1, 224, 224, 3))}, "input_tensor"),
    ("MobileNet", {"weights": "imagenet", "alpha": 0.3}, "alpha=0.3"),
    ("MobileNetV2", {"weights": "imagenet", "alpha": 0.3}, "alpha=0.3"),
    ("InceptionV3", {"input_shape": (74, 75, 3)}, "at least 75x75"),
]


@pytest.mark.parametrize(("name", "options", "message"), WRONG)
def test_arguments_that_do_not_fit(name: str, options: dict[str, Any], message: str) -> None:
    with outlines(), pytest.raises(StriateError, match=message):
        getattr(applications, name)(**{"weights": None, **options})


def test_published_weights_are_asked_for_by_keras_s_file_names(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def resolve(file_name: str) -> Path:
        asked.append(file_name)
        raise ModelFileError("nowhere")

    monkeypatch.setattr("striate.applications.weights.resolve", resolve)
    builders: list[Callable[..., Any]] = [
        applications.VGG16, applications.VGG19, applications.ResNet50, applications.ResNet101, applications.ResNet152,
        applications.InceptionV3, applications.MobileNet, applications.MobileNetV2,
    ]  # fmt: skip
    for build in builders:
        for top in (True, False):
            with outlines(), pytest.raises(ModelFileError), pytest.warns() if _warns(build, top) else _nothing():
                build(include_top=top)
    from striate.applications.weights import published

    for name in asked:
        assert published(name).name == name  # else it raises
    assert len(set(asked)) == 16
    assert "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5" in asked
    assert "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5" in asked


def _warns(build: Callable[..., Any], top: bool) -> bool:
    """Keras's warning that an open size gets the weights for 224x224."""
    return build.__name__.startswith("MobileNet") and not top


def _nothing() -> Any:
    from contextlib import nullcontext

    return nullcontext()


def test_layers_of_weights_that_do_not_exist(tmp_path: Path) -> None:
    with pytest.raises(StriateError, match="a file that exists"):
        applications.VGG16(weights=tmp_path / "nowhere.h5")


# Pixels and classes

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3)).astype(np.float32)


def test_preprocessing() -> None:
    np.testing.assert_allclose(applications.mobilenet.preprocess_input(PIXELS), PIXELS / 127.5 - 1, atol=1e-6)
    caffe = applications.vgg16.preprocess_input(PIXELS)
    np.testing.assert_allclose(caffe[..., 0], PIXELS[..., 2] - 103.939, atol=1e-4)
    np.testing.assert_allclose(caffe[..., 2], PIXELS[..., 0] - 123.68, atol=1e-4)
    torch = applications.imagenet_utils.preprocess_input(PIXELS, mode="torch")
    np.testing.assert_allclose(torch[..., 1], (PIXELS[..., 1] / 255 - 0.456) / 0.224, atol=1e-5)
    for mode in ("caffe", "tf", "torch"):
        rows = applications.imagenet_utils.preprocess_input(PIXELS, mode=mode)
        turned = applications.imagenet_utils.preprocess_input(PIXELS.transpose(0, 3, 1, 2), "channels_first", mode)
        np.testing.assert_allclose(turned.transpose(0, 2, 3, 1), rows, atol=1e-5)
        assert rows.dtype == np.float32
        assert applications.imagenet_utils.preprocess_input(PIXELS.astype("uint8"), mode=mode).dtype == np.float32
    images = Input((4, 5, 3))
    model = Model(images, applications.mobilenet_v2.preprocess_input(images))
    np.testing.assert_allclose(model(PIXELS), PIXELS / 127.5 - 1, atol=1e-6)
    for mode in ("caffe", "torch"):
        model = Model(images, applications.imagenet_utils.preprocess_input(images, mode=mode))
        rows = applications.imagenet_utils.preprocess_input(PIXELS, mode=mode)
        np.testing.assert_allclose(model(PIXELS), rows, rtol=1e-5, atol=1e-4)
        for other, form in ((Input((4, 5, 2)), None), (images, "channels_first")):
            with pytest.raises(DataError, match="expected images of three channels, channels last"):
                applications.imagenet_utils.preprocess_input(other, form, mode)
    for wrong, options in ((PIXELS, {"mode": "jax"}), (PIXELS, {"data_format": "last"}), (PIXELS[..., :2], {})):
        with pytest.raises(StriateError):
            applications.imagenet_utils.preprocess_input(wrong, **options)  # type: ignore[arg-type]


def test_predictions_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    monkeypatch.setenv("STRIATE_DATA", str(tmp_path))
    file = tmp_path / "imagenet_class_index.json"
    file.write_text(json.dumps({str(i): [f"n{i:08}", f"class_{i}"] for i in range(1000)}))
    chances = np.zeros((2, 1000), np.float32)
    chances[0, [3, 999]], chances[1, 7] = (0.25, 0.75), 1
    first, second = applications.vgg16.decode_predictions(chances, top=2)
    assert first == [("n00000999", "class_999", 0.75), ("n00000003", "class_3", 0.25)]
    assert second[0] == ("n00000007", "class_7", 1.0)
    with pytest.raises(DataError, match=r"\(2, 10\)"):
        applications.vgg16.decode_predictions(chances[:, :10])
    for text in ("{", "[]", '{"0": ["a", "b"]}', json.dumps({str(i): [i, "b"] for i in range(1000)})):
        file.write_text(text)
        with pytest.raises(ModelFileError, match="not the list"):
            applications.vgg16.decode_predictions(chances)


def test_shape_errors_are_shape_errors() -> None:
    with outlines(), pytest.raises(ShapeError):
        applications.VGG16(weights=None, input_shape=(8, 8, 3))
