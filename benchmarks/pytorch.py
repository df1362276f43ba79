"""PyTorch, eager: the ordinary loop, tensors in memory, in the memory format that is faster for the network."""

from __future__ import annotations

import time
from typing import Any

import networks
import torch
from torch import nn
from torch.nn import functional


class Framework:
    """What worker.py asks of a framework."""

    def __init__(self, name: str, cores: int) -> None:
        torch.set_num_threads(cores)
        self.version = str(torch.__version__)

    def build(self, network: str) -> int:
        torch.manual_seed(1)
        layers: list[nn.Module] = []
        shape = (networks.IMAGE_SHAPE[-1], *networks.IMAGE_SHAPE[:-1])
        for layer in networks.NETWORKS[network]:
            layers += _modules(layer, shape)
            shape = tuple(nn.Sequential(*layers).eval()(torch.zeros(1, *_first_shape())).shape[1:])
        self.model = nn.Sequential(*layers)
        return sum(parameter.numel() for parameter in self.model.parameters())

    def prepare_training(self, x: Any, y: Any, batch: int) -> dict[str, Any]:
        self.batch = batch
        self.images, self.labels = _tensor(x), torch.from_numpy(y).long()
        self.optimizer = torch.optim.Adam(self.model.parameters())
        return {"memory_format": self._choose_format(lambda: self.train(10)[1])}

    def train(self, steps: int) -> tuple[int, float]:
        self.model.train()
        images, labels, batch = self.images, self.labels, self.batch
        batches = len(images) // batch
        start = time.perf_counter()
        for step in range(steps):
            first = step % batches * batch
            self.optimizer.zero_grad(set_to_none=True)
            loss = functional.cross_entropy(self.model(images[first : first + batch]), labels[first : first + batch])
            loss.backward()
            self.optimizer.step()
        return steps * batch, time.perf_counter() - start

    def prepare_prediction(self, x: Any, batch: int) -> dict[str, Any]:
        self.images, self.batch = _tensor(x), batch
        self.model.eval()
        return {"memory_format": self._choose_format(lambda: self.predict(1)[1])}

    def predict(self, repeats: int) -> tuple[int, float]:
        self.model.eval()
        start = time.perf_counter()
        with torch.inference_mode():
            for _ in range(repeats):
                torch.cat([functional.softmax(self.model(part), 1) for part in self.images.split(self.batch)]).numpy()
        return repeats * len(self.images), time.perf_counter() - start

    def prepare_single(self, x: Any) -> dict[str, Any]:
        self.images = _tensor(x)
        self.model.eval()
        return {"memory_format": self._choose_format(lambda: self.single(20)[1])}

    def single(self, repeats: int) -> tuple[int, float]:
        start = time.perf_counter()
        with torch.inference_mode():
            for _ in range(repeats):
                functional.softmax(self.model(self.images), 1).numpy()
        return repeats, time.perf_counter() - start

    def _choose_format(self, measure: Any) -> str:
        times = {}
        for name in ("contiguous_format", "channels_last"):
            self._use(name)
            measure()
            times[name] = min(measure() for _ in range(3))
        best = min(times, key=lambda name: times[name])
        self._use(best)
        return best

    def _use(self, name: str) -> None:
        self.images = self.images.contiguous(memory_format=getattr(torch, name))
        self.model.to(memory_format=getattr(torch, name))  # in place: the optimizer's state stays


def _tensor(x: Any) -> torch.Tensor:
    """The same images, channels second."""
    return torch.from_numpy(x).permute(0, 3, 1, 2).contiguous()


def _first_shape() -> tuple[int, ...]:
    return (networks.IMAGE_SHAPE[-1], *networks.IMAGE_SHAPE[:-1])


def _modules(layer: networks.Layer, shape: tuple[int, ...]) -> list[nn.Module]:
    match layer:
        case "conv", filters, kernel, padding:
            return [nn.Conv2d(shape[0], filters, kernel, padding=padding), nn.ReLU()]
        case "pool", size:
            return [nn.MaxPool2d(size)]
        case "dense", units:
            return [nn.Linear(shape[0], units), nn.ReLU()]
        case "dropout", rate:
            return [nn.Dropout(rate)]
        case "classes",:
            return [nn.Linear(shape[0], networks.CLASSES)]
        case _:
            return [nn.Flatten()]
