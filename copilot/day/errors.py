"""What can go wrong with service tasks; each error is one sentence, `zh` the one for the person on the page."""

from __future__ import annotations


class ServiceTaskError(Exception):
    """A task that cannot be given or closed as asked."""

    def __init__(self, message: str, *, zh: str) -> None:
        super().__init__(message)
        self.zh = zh


class UnknownServiceTaskError(ServiceTaskError):
    """There is no such task, or it is of somebody else's client."""

    def __init__(self, task_id: str) -> None:
        super().__init__(f"There is no service task {task_id} that you may see.", zh="没有这项服务任务，或您无权查看。")
