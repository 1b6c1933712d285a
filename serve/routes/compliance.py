"""The gate over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import Field

from compliance_filters.finding import Draft, Target
from serve.routes.wire import Asked, PrincipalDep, VerdictOut, Wire, Words, the_house

router = APIRouter(prefix="/v1/compliance", tags=["compliance"])


class CheckIn(Asked):
    text: Words = Field(min_length=1, max_length=200_000)
    target: Target = Target.ADVISOR_MESSAGE
    client_id: str | None = Field(None, description="Client the text is meant for; their risk level is then known.")
    product_codes: list[str] = Field(default_factory=list, max_length=50, description="Products the text speaks of.")
    channel: str = Field("sidebar", pattern="^(sidebar|client|export)$")
    generated: bool = Field(True, description="False: a person wrote every word, so that no AI label is due.")


class CheckOut(Wire):
    verdict: VerdictOut
    cleared: bool
    text: str | None = Field(description="The text that may be delivered, with mechanical mends; null when held.")


@router.post("/check")
def check(body: CheckIn, request: Request, principal: PrincipalDep) -> CheckOut:
    """Judge a text before it is delivered."""
    verdict = the_house(request).check(
        Draft(text=body.text, target=body.target, by=principal.user_id, generated=body.generated),
        client_id=body.client_id,
        product_codes=body.product_codes,
        channel=body.channel,
        principal=principal,
    )
    cleared = verdict.cleared
    return CheckOut(verdict=VerdictOut.of(verdict), cleared=cleared is not None, text=cleared.text if cleared else None)
