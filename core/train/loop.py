"""The training loop: steps, checkpoints, validation, early choice.

Same settings, material and machine give the same losses, and a run that is killed at
any moment goes on from its last checkpoint as if nothing had happened. In the run's
folder: ``last.pt`` (to resume), ``best.safetensors`` (the mean weights at the best
validation) and ``log.csv``.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from core import params as parameters
from core.errors import TrainingError
from core.storage import atomic_write
from core.train import checkpoint as checkpoints
from core.train.average import Average
from core.train.checkpoint import Checkpoint, Progress
from core.train.log import RunLog
from core.train.recipe import Batch, Exported, Material, Recipe
from core.train.schedule import rate
from core.train.settings import TrainSettings

Validate = Callable[[Exported], dict[str, float]]
"""Measures what would be shipped; ``score`` decides which epoch is the best."""

_LOG_EVERY = 20  # steps; every step of the first epoch's start is logged
_LOG_ALL = 50


@dataclass(frozen=True, slots=True)
class Report:
    """What is told while training: place, mean losses since the last report, speed."""

    progress: Progress
    epochs: int
    steps: int
    losses: Mapping[str, float]
    pairs_per_second: float
    seconds_left: float
    validation: Mapping[str, float] | None = None


@dataclass(slots=True)
class Hooks:
    """What a front end may hang into the loop: `stop` is asked after every step."""

    report: Callable[[Report], None] = lambda _: None
    stop: Callable[[], bool] = lambda: False


class Run:
    """One training run in one folder.

    Parameters
    ----------
    recipe, material, settings
        What is trained, on what, and how.
    folder
        Where checkpoints, log and the best weights go.
    device
        Where the network computes.
    validate
        Called every ``validate_every`` epochs; without it the last weights are the best.
    """

    def __init__(
        self,
        recipe: Recipe,
        material: Material,
        settings: TrainSettings,
        folder: Path,
        *,
        device: torch.device | None = None,
        validate: Validate | None = None,
        start: Callable[[nn.Module], None] = lambda network: None,
    ) -> None:
        self._recipe, self._material, self._settings = recipe, material, settings
        self._folder, self._device = folder, device or torch.device("cpu")
        self._validate = validate
        torch.manual_seed(settings.seed)
        self.network = recipe.network().to(self._device)
        start(self.network)
        self._backbone = recipe.backbone(self.network)
        self._optimiser = self._new_optimiser()
        half = settings.precision == "float16" and self._device.type == "cuda"
        self._scaler = torch.amp.GradScaler(self._device.type, enabled=half)
        self.average = Average(self.network, settings.average)
        self.progress = Progress()
        self.log = RunLog(folder / "log.csv")

    @property
    def last_file(self) -> Path:
        """The checkpoint to resume from."""
        return self._folder / "last.pt"

    @property
    def best_file(self) -> Path:
        """The best weights so far."""
        return self._folder / "best.safetensors"

    def resume(self) -> None:
        """Go on from the folder's checkpoint.

        Raises
        ------
        TrainingError
            If there is none, it is damaged, or it was made with other settings.
        """
        saved = checkpoints.load(self.last_file)
        self._require_same(saved.settings)
        try:
            self.network.load_state_dict(saved.network)
            self._optimiser.load_state_dict(saved.optimiser)
        except (RuntimeError, ValueError, KeyError) as error:
            raise TrainingError(
                "The checkpoint is of another network.",
                "Start without --resume, in another folder.",
                str(error),
            ) from error
        self._scaler.load_state_dict(saved.scaler)
        self.average.tensors = {k: v.to(self._device) for k, v in saved.average.items()}
        torch.set_rng_state(saved.generator)
        if saved.device_generator is not None and self._device.type == "cuda":
            torch.cuda.set_rng_state(saved.device_generator, self._device)
        self.progress = saved.progress
        self.log.drop_from(saved.progress.epoch, saved.progress.step)

    def train(self, hooks: Hooks | None = None) -> Progress:
        """Train to the end, or until told to stop; the checkpoint is up to date after it.

        Raises
        ------
        TrainingError
            If the loss is not a number; the last good checkpoint stays.
        """
        hooks = hooks or Hooks()
        settings = self._settings
        while self.progress.epoch < settings.epochs and not self._out_of_patience():
            if not self._epoch(hooks):
                break
            self.progress.epoch, self.progress.step = self.progress.epoch + 1, 0
            self._after_epoch(hooks)
            self.save()
        self.save()
        return self.progress

    def save(self) -> None:
        """Write the checkpoint."""
        checkpoints.save(
            self.last_file,
            Checkpoint(
                self.progress,
                self.network.state_dict(),
                self.average.tensors,
                self._optimiser.state_dict(),
                self._scaler.state_dict(),
                torch.get_rng_state(),
                torch.cuda.get_rng_state(self._device) if self._device.type == "cuda" else None,
                dict(parameters.to_dict(self._settings)),
            ),
        )

    # --- steps --------------------------------------------------------------------

    def _epoch(self, hooks: Hooks) -> bool:
        """The rest of the present epoch; False when told to stop in it."""
        progress, settings = self.progress, self._settings
        self._set_mode()
        began = saved = time.monotonic()
        before, first = progress.seconds, progress.step
        sums = _Sums()
        batches = self._material.batches(progress.epoch, progress.step, settings.steps)
        with contextlib.closing(_as_generator(batches)) as source:
            for batch in source:
                step_losses = self._step(batch)
                sums.add(step_losses)
                progress.step += 1
                progress.pairs += settings.batch
                now = time.monotonic()
                progress.seconds = before + now - began
                if self._is_logged():
                    speed = settings.batch * (progress.step - first) / max(now - began, 1e-9)
                    self._tell(sums.take(), speed, hooks)
                    # Only where the sums are empty: a resumed run then logs the same means.
                    if now - saved > settings.save_every:
                        self.save()
                        saved = time.monotonic()
                if hooks.stop():
                    return False
        return True

    def _step(self, batch: Batch) -> dict[str, Tensor]:
        settings = self._settings
        place = self.progress.epoch * settings.steps + self.progress.step
        for group in self._optimiser.param_groups:
            group["lr"] = rate(settings, place) * group["factor"]
        moved = {k: v.to(self._device, non_blocking=True) for k, v in batch.items()}
        with self._autocast():
            losses = self._recipe.losses(self.network, moved)
        total = torch.stack(list(losses.values())).sum()
        self._optimiser.zero_grad(set_to_none=True)
        self._scaler.scale(total).backward()
        if settings.clip > 0:
            self._scaler.unscale_(self._optimiser)
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), settings.clip)
        self._scaler.step(self._optimiser)
        self._scaler.update()
        self.average.take(self.network, place)
        return {name: loss.detach() for name, loss in losses.items()}

    def _tell(self, losses: dict[str, float], speed: float, hooks: Hooks) -> None:
        progress, settings = self.progress, self._settings
        if not all(math.isfinite(loss) for loss in losses.values()):
            named = ", ".join(f"{name} {loss:g}" for name, loss in losses.items())
            raise TrainingError(
                f"The loss is not a number any more ({named}).",
                "Lower the rate or the clip, then go on from the last checkpoint.",
            )
        left = (settings.epochs - progress.epoch) * settings.steps - progress.step
        self.log.add(
            {
                "kind": "train",
                "epoch": progress.epoch,
                "step": progress.step - 1,
                "rate": rate(settings, progress.epoch * settings.steps + progress.step - 1),
                "pairs_per_second": speed,
                "seconds": progress.seconds,
                **losses,
            }
        )
        seconds = left * settings.batch / max(speed, 1e-9)
        hooks.report(Report(progress, settings.epochs, settings.steps, losses, speed, seconds))

    def _is_logged(self) -> bool:
        step, steps = self.progress.step, self._settings.steps
        early = self.progress.epoch == 0 and step <= _LOG_ALL
        return early or step % _LOG_EVERY == 0 or step == steps

    def _autocast(self) -> contextlib.AbstractContextManager[object]:
        precision, kind = self._settings.precision, self._device.type
        if precision == "float32" or (precision == "float16" and kind != "cuda"):
            return contextlib.nullcontext()
        return torch.autocast(kind, getattr(torch, precision))

    # --- network ------------------------------------------------------------------

    def _new_optimiser(self) -> torch.optim.Optimizer:
        settings = self._settings
        backbone = [] if self._backbone is None else list(self._backbone.parameters())
        known = {id(parameter) for parameter in backbone}
        heads = [p for p in self.network.parameters() if id(p) not in known]
        groups = [{"params": heads, "factor": 1.0}]
        if backbone and settings.backbone_rate > 0:
            groups.append({"params": backbone, "factor": settings.backbone_rate})
        if settings.optimiser == "adamw":
            return torch.optim.AdamW(groups, lr=settings.rate, weight_decay=settings.decay)
        return torch.optim.SGD(
            groups, lr=settings.rate, momentum=settings.momentum, weight_decay=settings.decay
        )

    def _set_mode(self) -> None:
        """Train mode; the backbone keeps its statistics and, until its epoch, its weights."""
        self.network.train()
        if self._backbone is None:
            return
        self._backbone.eval()
        settings = self._settings
        learns = settings.backbone_rate > 0 and self.progress.epoch >= settings.backbone_from
        self._backbone.requires_grad_(requires_grad=learns)

    # --- validation ---------------------------------------------------------------

    def _after_epoch(self, hooks: Hooks) -> None:
        progress, settings = self.progress, self._settings
        last = progress.epoch == settings.epochs
        if self._validate is None:
            if last:
                self._keep(float("nan"))
            return
        if progress.epoch % settings.validate_every and not last:
            return
        began = time.monotonic()
        with self.average.in_place(self.network):
            self.network.eval()
            measured = self._validate(self._recipe.export(self.network))
        score = measured["score"]
        if score > progress.best:
            progress.worse = 0
            self._keep(score)
        else:
            progress.worse += 1
        progress.seconds += time.monotonic() - began
        self.log.add(
            {
                "kind": "validation",
                "epoch": progress.epoch - 1,
                "step": settings.steps - 1,
                "seconds": progress.seconds,
                **measured,
            }
        )
        left = (settings.epochs - progress.epoch) * progress.seconds / max(progress.epoch, 1)
        hooks.report(Report(progress, settings.epochs, settings.steps, {}, 0.0, left, measured))

    def _keep(self, score: float) -> None:
        """Write the mean weights as the best so far."""
        self.progress.best, self.progress.best_epoch = score, self.progress.epoch - 1
        with self.average.in_place(self.network):
            self.network.eval()
            exported = self._recipe.export(self.network)
            tensors = {name: tensor.cpu().contiguous() for name, tensor in exported.tensors.items()}
            content = to_bytes(tensors, dict(exported.facts))
        with atomic_write(self.best_file) as stream:
            stream.write(content)

    def _out_of_patience(self) -> bool:
        return 0 < self._settings.patience <= self.progress.worse

    def _require_same(self, saved: Mapping[str, object]) -> None:
        now = parameters.to_dict(self._settings)
        changed = [name for name, value in now.items() if saved.get(name, value) != value]
        free = {"epochs", "save_every", "patience", "validate_every"}  # may change on the way
        changed = [name for name in changed if name not in free]
        if changed:
            named = ", ".join(f"{name} {saved[name]} → {now[name]}" for name in changed)
            raise TrainingError(
                f"The checkpoint was made with other settings ({named}).",
                "Use the same settings, or start without --resume in another folder.",
            )


class _Sums:
    """Mean losses since the last look; on the device, so that steps do not wait."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._count = 0

    def add(self, losses: Mapping[str, Tensor]) -> None:
        self._count += 1
        for name, loss in losses.items():
            self._sums[name] = self._sums[name] + loss if name in self._sums else loss

    def take(self) -> dict[str, float]:
        means = {name: float(total) / self._count for name, total in self._sums.items()}
        self._sums, self._count = {}, 0
        return means | {"loss": sum(means.values())}


def _as_generator(batches: Iterator[Batch]) -> Generator[Batch]:
    """A generator over `batches`: it can be closed, whatever they are."""
    yield from batches
