"""Arguments that cannot be: each error is read whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from striate import layers
from striate.errors import StriateError

POSITIVE = "expected a whole number of at least 1"
EACH = "expected a whole number or 2 of them, each at least 1"
MASK = "expected sizes of the mask, the batch included, such as (None, 1, 1, 64)"
LEAVE = "which Striate does not have; leave it out"
CHANNELS = 'expected "channels_last" or "channels_first"'
AXIS = "expected the number of an axis; 0 is the batch, -1 the last"
CONSTRAINT = "expected one of MaxNorm, MinMaxNorm, NonNeg, UnitNorm or a name such as \"max_norm\"; "
INPUT_DTYPE = 'expected a type of numbers such as "float32" or "uint8"'

CONSTRUCTION: list[tuple[Callable[[], Any], str]] = [
    (lambda: layers.Conv2D(0, 3), f"conv2d: got filters=0, {POSITIVE}"),
    (lambda: layers.Conv2D(2.5, 3), f"conv2d: got filters=2.5, {POSITIVE}"),
    (lambda: layers.Conv2D(True, 3), f"conv2d: got filters=True, {POSITIVE}"),
    (lambda: layers.Conv2D(2, 0), f"conv2d: got kernel_size=0, {EACH}"),
    (lambda: layers.Conv2D(2, (3, 0)), f"conv2d: got kernel_size=(3, 0), {EACH}"),
    (lambda: layers.Conv2D(2, (3, 3, 3)), f"conv2d: got kernel_size=(3, 3, 3), {EACH}"),
    (lambda: layers.Conv2D(2, "33"), f"conv2d: got kernel_size='33', {EACH}"),
    (lambda: layers.Conv2D(2, 3, strides=-1), f"conv2d: got strides=-1, {EACH}"),
    (lambda: layers.Conv2D(2, 3, dilation_rate=0), f"conv2d: got dilation_rate=0, {EACH}"),
    (lambda: layers.Conv1D(2, (3, 3)), "conv1d: got kernel_size=(3, 3), expected a whole number, each at least 1"),
    (
        lambda: layers.Conv2D(2, 3, strides=2, dilation_rate=(1, 2)),
        "conv2d: got strides=(2, 2) with dilation_rate=(1, 2); one of the two must be 1",
    ),
    (lambda: layers.Conv2D(4, 3, groups=3), "conv2d: groups=3 does not divide filters=4"),
    (lambda: layers.Conv2D(4, 3, groups=0), f"conv2d: got groups=0, {POSITIVE}"),
    (
        lambda: layers.Conv2D(4, 3, padding="full"),
        "conv2d: got padding='full', expected 'valid' or 'same'; for full padding put a ZeroPadding layer with "
        "padding=kernel_size - 1 before it",
    ),
    (lambda: layers.Conv2D(4, 3, padding="causal"), "conv2d: got padding='causal', expected 'valid' or 'same'"),
    (lambda: layers.Conv1D(4, 3, padding=1), "conv1d: got padding=1, expected 'valid' or 'same' or 'causal'"),
    (lambda: layers.Conv2D(4, 3, data_format="x"), f"conv2d: got data_format='x'; {CHANNELS}"),
    (lambda: layers.Conv2D(4, 3, use_bias="no"), "conv2d: got use_bias='no', expected True or False"),
    (
        lambda: layers.Conv2D(4, 3, kernel_constraint="non_negg"),
        "conv2d: kernel_constraint: unknown constraint 'non_negg': did you mean 'non_neg' or 'NonNeg' or 'nonneg'?",
    ),
    (
        lambda: layers.BatchNormalization(gamma_constraint=abs),
        "abs: is a constraint of your own, but the engine takes its steps itself; keras.constraints.MaxNorm, "
        "MinMaxNorm, NonNeg or UnitNorm; or a callback that sets weights after a batch.",
    ),
    (
        lambda: layers.Conv2D(4, 3, activation="rellu"),
        "conv2d: unknown activation 'rellu': did you mean 'relu' or 'relu6'?",
    ),
    (
        lambda: layers.Conv2D(4, 3, kernel_initializer="he_norml"),
        "conv2d: kernel_initializer: unknown initializer 'he_norml': did you mean 'he_normal' or 'HeNormal'?",
    ),
    (
        lambda: layers.Dense(4, kernel_regularizer="L22"),
        "dense: kernel_regularizer: unknown regularizer 'L22': did you mean 'L2' or 'l2'?",
    ),
    (
        lambda: layers.Conv2D(4, 3, kernel_regulariser="l2"),
        "Conv2D: unknown argument 'kernel_regulariser'; did you mean 'kernel_regularizer'?",
    ),
    (lambda: layers.MaxPooling2D(pool=2), "MaxPooling2D: unknown argument 'pool'; did you mean 'pool_size'?"),
    (lambda: layers.DepthwiseConv2D(3, depth_multiplier=0), f"depthwise_conv2d: got depth_multiplier=0, {POSITIVE}"),
    (
        lambda: layers.Conv2DTranspose(3, 3, strides=2, output_padding=(0, 2)),
        "conv2d_transpose: got output_padding=(0, 2) with strides=(2, 2); it must be below the stride",
    ),
    (
        lambda: layers.Conv1DTranspose(3, 3, padding="causal"),
        "conv1d_transpose: got padding='causal', expected 'valid' or 'same'",
    ),
    (lambda: layers.SeparableConv2D(0, 3), f"separable_conv2d: got filters=0, {POSITIVE}"),
    (
        lambda: layers.DepthwiseConv1D(3, padding="causal"),
        "depthwise_conv1d: got padding='causal', expected 'valid' or 'same'",
    ),
    (lambda: layers.Dense(0), f"dense: got units=0, {POSITIVE}"),
    (lambda: layers.Dense("10"), f"dense: got units='10', {POSITIVE}"),
    (lambda: layers.Dense(1, lora_rank=4), f"dense: got lora_rank=4, {LEAVE}"),
    (
        lambda: layers.Dense(1, dtype="float64"),
        "dense: got dtype='float64', but layers compute in \"float32\"; leave the argument out",
    ),
    (lambda: layers.Dense(1, trainable=1), "dense: got trainable=1, expected True or False"),
    (lambda: layers.Dense(1, input_shape=(0,)), "dense: got input_shape=(0,), expected whole numbers of at least 1"),
    (lambda: layers.Dense(1, input_shape="28"), "dense: got input_shape='28', expected a tuple such as (28, 28, 1)"),
    (lambda: layers.MaxPooling2D(0), f"max_pooling2d: got pool_size=0, {EACH}"),
    (lambda: layers.MaxPooling2D(2, strides=(1, 0)), f"max_pooling2d: got strides=(1, 0), {EACH}"),
    (
        lambda: layers.AveragePooling2D(2, padding=None),
        "average_pooling2d: got padding=None, expected 'valid' or 'same'",
    ),
    (lambda: layers.GlobalMaxPooling2D(keepdims=1), "global_max_pooling2d: got keepdims=1, expected True or False"),
    (lambda: layers.Flatten("first"), f"flatten: got data_format='first'; {CHANNELS}"),
    (
        lambda: layers.Cropping2D((1, 2, 3)),
        "cropping2d: got cropping=(1, 2, 3), expected a whole number, 2 of them, or 2 pairs (before, after)",
    ),
    (lambda: layers.UpSampling2D(0), f"up_sampling2d: got size=0, {EACH}"),
    (
        lambda: layers.UpSampling2D(2, interpolation="area"),
        "up_sampling2d: got interpolation='area', expected 'nearest' or 'bilinear' or 'bicubic' or 'lanczos3' or "
        "'lanczos5'",
    ),
    (lambda: layers.Resizing(0, 4), f"resizing: got height=0, {POSITIVE}"),
    (
        lambda: layers.Resizing(4, 4, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True),
        "resizing: got crop_to_aspect_ratio and pad_to_aspect_ratio, expected at most one",
    ),
    (lambda: layers.Resizing(4, 4, fill_mode="wrap"), "resizing: got fill_mode='wrap', expected 'constant'"),
    (lambda: layers.Resizing(4, 4, antialias=1), "resizing: got antialias=1, expected True or False"),
    (
        lambda: layers.Permute((0, 1)),
        "permute: got dims=(0, 1), expected the numbers of all axes, from 1, in any order",
    ),
    (lambda: layers.RepeatVector(0), f"repeat_vector: got n=0, {POSITIVE}"),
    (lambda: layers.AdaptiveAveragePooling2D(0), f"adaptive_average_pooling2d: got output_size=0, {EACH}"),
    (lambda: layers.Reshape((-1, -1)), "reshape: got target_shape=(-1, -1), expected at most one -1"),
    (lambda: layers.Reshape((3, 0)), "reshape: got target_shape=(3, 0), expected whole numbers of at least 1"),
    (lambda: layers.ReLU(max_value=-1), "re_lu: got max_value=-1, expected a finite number at least 0"),
    (lambda: layers.ReLU(negative_slope=None), "re_lu: got negative_slope=None, expected a finite number at least 0"),
    (lambda: layers.ReLU(threshold=-0.5), "re_lu: got threshold=-0.5, expected a finite number at least 0"),
    (lambda: layers.LeakyReLU(-0.1), "leaky_re_lu: got negative_slope=-0.1, expected a finite number at least 0"),
    (lambda: layers.ELU("a"), "elu: got alpha='a', expected a finite number"),
    (lambda: layers.Softmax(0), f"softmax: got axis=0, {AXIS}"),
    (lambda: layers.Softmax([1, 0]), f"softmax: got axis=0, {AXIS}"),
    (lambda: layers.Softmax([]), "softmax: got axis=[], expected the number of an axis, or of several"),
    (lambda: layers.Dropout(1), "dropout: got rate=1, which leaves nothing; expected a number below 1"),
    (lambda: layers.Dropout(-0.1), "dropout: got rate=-0.1, expected a finite number at least 0 and at most 1"),
    (lambda: layers.Dropout(float("nan")), "dropout: got rate=nan, expected a finite number at least 0 and at most 1"),
    (lambda: layers.Dropout(0.5, noise_shape="ab"), f"dropout: got noise_shape='ab', {MASK}"),
    (lambda: layers.Dropout(0.5, noise_shape=(None, 0)), f"dropout: got noise_shape=(None, 0), {MASK}"),
    (
        lambda: layers.Dropout(0.5, noise_shape=(None, 1)).build((3, 4)),
        "dropout: noise_shape=(None, 1) has 2 axes, the batch included; images of shape (3, 4) need 3",
    ),
    (
        lambda: layers.AlphaDropout(0.5, noise_shape=(None, 2, 4)).build((3, 4)),
        "alpha_dropout: noise_shape (2, 4) (without the batch) does not fit an input of shape (3, 4); "
        "each size must be 1 or the input's",
    ),
    (
        lambda: layers.GaussianDropout(1.0),
        "gaussian_dropout: got rate=1.0, which leaves nothing; expected a number below 1",
    ),
    (lambda: layers.GaussianNoise(-1), "gaussian_noise: got stddev=-1, expected a finite number at least 0"),
    (
        lambda: layers.SpatialDropout2D(0.1, "first"),
        f"spatial_dropout2d: got data_format='first'; {CHANNELS}",
    ),
    (
        lambda: layers.SpatialDropout1D(0.1).build((4, 5, 6)),
        "spatial_dropout1d: expected 1 spatial dimensions and channels (rank 2 without the batch), "
        "got shape (4, 5, 6) (rank 3)",
    ),
    (
        lambda: layers.ActivityRegularization(-1),
        "activity_regularization: got l1=-1, expected a finite number at least 0",
    ),
    (
        lambda: layers.RandomFlip("sideways"),
        "random_flip: got mode='sideways', expected 'horizontal' or 'vertical' or 'horizontal_and_vertical'",
    ),
    (
        lambda: layers.RandomFlip().build((28, 28)),
        "random_flip: expected images of height, width and channels (rank 3 without the batch), "
        "got shape (28, 28) (rank 2)",
    ),
    (
        lambda: layers.RandomRotation(1.5),
        "random_rotation: got factor=1.5, expected a finite number at least -1 and at most 1",
    ),
    (lambda: layers.RandomRotation((1,)), "random_rotation: got factor=(1,), expected two numbers (low, high)"),
    (
        lambda: layers.RandomRotation(0.1, "mirror"),
        "random_rotation: got fill_mode='mirror', expected 'reflect' or 'wrap' or 'constant' or 'nearest'",
    ),
    (
        lambda: layers.RandomRotation(0.1, interpolation="cubic"),
        "random_rotation: got interpolation='cubic', expected 'bilinear' or 'nearest'",
    ),
    (lambda: layers.RandomZoom(-1), "random_zoom: got height_factor=-1, which leaves nothing; expected more than -1"),
    (
        lambda: layers.RandomContrast((-0.1, 0.2)),
        "random_contrast: got factor=-0.1, expected a finite number at least 0 and at most 1",
    ),
    (
        lambda: layers.RandomBrightness(0.1, value_range=255),
        "random_brightness: got value_range=255, expected two numbers (low, high)",
    ),
    (lambda: layers.RandomCrop(0, 3), f"random_crop: got height=0, {POSITIVE}"),
    (lambda: layers.Dropout(0.5, seed=-1), "dropout: got seed=-1, expected a whole number of at least 0"),
    (
        lambda: layers.BatchNormalization(momentum=2),
        "batch_normalization: got momentum=2, expected a finite number at least 0 and at most 1",
    ),
    (
        lambda: layers.BatchNormalization(epsilon=-1),
        "batch_normalization: got epsilon=-1, expected a finite number at least 0",
    ),
    (lambda: layers.BatchNormalization(renorm=True), f"batch_normalization: got renorm=True, {LEAVE}"),
    (
        lambda: layers.LayerNormalization([0, 1]),
        "layer_normalization: got axis=0, expected the number of an axis; 0 is the batch, -1 the last",
    ),
    (
        lambda: layers.LayerNormalization(rms_scaling=True),
        "layer_normalization: got rms_scaling=True, which Striate does not have; use RMSNormalization",
    ),
    (lambda: layers.GroupNormalization(0), f"group_normalization: got groups=0, {POSITIVE}"),
    (
        lambda: layers.GroupNormalization(3)(np.zeros((1, 2, 2, 8))),
        "group_normalization: got groups=3 for 8 channels (images of shape (2, 2, 8)); expected a divisor of that "
        "number, or -1 for a group of each channel",
    ),
    (
        lambda: layers.UnitNormalization(4)(np.zeros((1, 2, 2, 8))),
        "unit_normalization: got axis=4 for images of shape (2, 2, 8), expected numbers from 1 to 3 (0 is the batch) "
        "or from -1 down (-1 is the last)",
    ),
    (
        lambda: layers.LocalResponseNormalization(bias=0),
        "local_response_normalization: got bias=0, which divides by zero where all channels are zero; use more",
    ),
    (
        lambda: layers.PReLU(shared_axes=[0]),
        "p_re_lu: got axis=0, expected the number of an axis; 0 is the batch, -1 the last",
    ),
    (lambda: layers.Rescaling([1, "a"]), "rescaling: got scale='a', expected a finite number"),
    (lambda: layers.Rescaling([]), "rescaling: got scale=[], expected a number, or one for each channel"),
    (
        lambda: layers.ZeroPadding2D((1, 2, 3)),
        "zero_padding2d: got padding=(1, 2, 3), expected a whole number, 2 of them, or 2 pairs (before, after)",
    ),
    (
        lambda: layers.ZeroPadding2D(-1),
        "zero_padding2d: got padding=-1, expected a whole number or 2 of them, each at least 0",
    ),
    (
        lambda: layers.ZeroPadding1D((1, 2, 3)),
        "zero_padding1d: got padding=(1, 2, 3), expected a whole number or 2 of them, each at least 0",
    ),
    (lambda: layers.Input(), "input_layer: expected either shape or batch_shape, such as shape=(28, 28, 1)"),
    (
        lambda: layers.Input((3,), batch_shape=(None, 3)),
        "input_layer: expected either shape or batch_shape, such as shape=(28, 28, 1)",
    ),
    (
        lambda: layers.Reshape((None, 28, 1)),
        "reshape: got target_shape=(None, 28, 1), but every size must be known; give numbers, such as (28, 28, 1)",
    ),
    (lambda: layers.Input((1,) * 32), "input_layer: got shape of 32 sizes, expected at most 31"),
    (lambda: layers.Input((3,), dtype="string"), f"input_layer: got dtype='string', {INPUT_DTYPE}"),
    (lambda: layers.Input((3,), dtype="complex64"), f"input_layer: got dtype='complex64', {INPUT_DTYPE}"),
    (lambda: layers.Input((3,), sparse=True), f"input_layer: got sparse=True, {LEAVE}"),
    (lambda: layers.get("Conv2d"), "unknown layer 'Conv2d': did you mean 'Conv2D'?"),
    (
        lambda: layers.get(3),  # type: ignore[arg-type]
        "layers: got 3, expected a layer such as striate.layers.Dense(10)",
    ),
]  # fmt: skip

RANK = "expected 2 spatial dimensions and channels (rank 3 without the batch), got shape"
SHAPES: list[tuple[layers.Layer, tuple[int, ...], str]] = [
    (
        layers.Conv2D(2, 7, name="conv2d_3"), (5, 5, 1),
        "conv2d_3: a 7x7 kernel does not fit a 5x5 input without padding; "
        'use padding="same" or a kernel of at most 5x5',
    ),
    (
        layers.Conv2D(2, 3, dilation_rate=3, name="c"), (5, 5, 1),
        'c: a 3x3 kernel (dilated: 7x7) does not fit a 5x5 input without padding; '
        'use padding="same" or a kernel of at most 5x5',
    ),
    (
        layers.DepthwiseConv2D(7, name="d"), (5, 5, 3),
        'd: a 7x7 kernel does not fit a 5x5 input without padding; use padding="same" or a kernel of at most 5x5',
    ),
    (
        layers.MaxPooling2D((2, 4), name="p"), (5, 3, 1),
        'p: a 2x4 kernel does not fit a 5x3 input without padding; use padding="same" or a kernel of at most 5x3',
    ),
    (
        layers.Conv2D(2, 3, padding="same", name="c"), (28, 28),
        f"c: {RANK} (28, 28) (rank 2); "
        "if the images have one channel and no axis for it, add one: x[..., numpy.newaxis]",
    ),
    (layers.MaxPooling2D(name="p"), (784,), f"p: {RANK} (784,) (rank 1)"),
    (layers.GlobalAveragePooling2D(name="g"), (2, 3, 4, 5), f"g: {RANK} (2, 3, 4, 5) (rank 4)"),
    (layers.ZeroPadding2D(name="z"), (784,), f"z: {RANK} (784,) (rank 1)"),
    (layers.Conv2D(4, 3, groups=2, name="c"), (8, 8, 3), "c: groups=2 does not divide the input's 3 channels"),
    (
        layers.Reshape((5, -1), name="r"), (3, 4),
        "r: cannot reshape (3, 4) (12 elements) to (5, -1); 12 is not a multiple of 5",
    ),
    (layers.Reshape((5, 2), name="r"), (4, 5), "r: cannot reshape (4, 5) (20 elements) to (5, 2) (10 elements)"),
    (layers.Dense(3, name="d"), (), "d: expected at least one axis beside the batch, got none; reshape the input"),
    (
        layers.BatchNormalization(axis=4, name="b"), (4, 4, 3),
        "b: got axis=4 for images of shape (4, 4, 3), expected numbers from 1 to 3 (0 is the batch) or from -1 down "
        "(-1 is the last)",
    ),
    (
        layers.Softmax(axis=-3, name="s"), (4, 3),
        "s: got axis=-3 for images of shape (4, 3), expected numbers from 1 to 2 (0 is the batch) or from -1 down "
        "(-1 is the last)",
    ),
    (
        layers.Cropping2D(((1, 2), (0, 0)), name="c"), (3, 9, 2),
        "c: cannot take 3x0 away from a 3x9 input: nothing would be left",
    ),
    (layers.RepeatVector(2, name="r"), (3, 4), "r: expected one row of numbers, got shape (3, 4); use Flatten first"),
    (
        layers.Permute((2, 1), name="p"), (3, 4, 5),
        "p: cannot put the axes of an input of shape (3, 4, 5) in the order (1, 0)",
    ),
    (
        layers.Rescaling([1, 2], name="r"), (),
        "r: got numbers for each channel, but the input has no axis beside the batch",
    ),
    (layers.Softmax(name="s"), (), "s: softmax needs an axis to sum over, got a scalar for each image"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), CONSTRUCTION, ids=[message[:60] for _, message in CONSTRUCTION])
def test_construction(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(StriateError) as caught:
        make()
    assert str(caught.value) == message


@pytest.mark.parametrize(("layer", "shape", "message"), SHAPES, ids=[message[:60] for *_, message in SHAPES])
def test_shapes(layer: layers.Layer, shape: tuple[int, ...], message: str) -> None:
    for use in (layer.compute_output_shape, layer.build, lambda shape: layer(np.zeros((1, *shape)))):
        with pytest.raises(StriateError) as caught:
            use(shape)
        assert str(caught.value) == message
    assert not layer.built


def test_functions_no_engine_can_run() -> None:
    with pytest.raises(StriateError, match=r"^dense: activation: <lambda> returned None, expected a tensor"):
        layers.Dense(1, activation=lambda x: None)(layers.Input((2,)))
    with pytest.raises(StriateError, match=r"^dense: activation: got 3, which no engine can run"):
        layers.Dense(1, activation=3, name="dense")


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.array([["a"]]), "dense: got an array of shape (1, 1) of dtype <U1, expected numbers"),
        (np.zeros((0, 3)), "dense: got an array of shape (0, 3), expected at least one image, batch first"),
        (np.float32(3), "dense: got the single number 3.0, expected an array with the examples first"),
    ],
)
def test_calls(images: Any, message: str) -> None:
    with pytest.raises(StriateError) as caught:
        layers.Dense(2)(images)
    assert str(caught.value) == message
