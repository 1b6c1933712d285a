"""What the sidebar is part of: pages that may hold it in a frame, WeCom, and a page to try the frame with."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import Response

from serve.errors import NotFoundError
from serve.page_shell import pages
from serve.routes.wire import PrincipalDep, the_house

router = APIRouter(tags=["sidebar"])
page = APIRouter(include_in_schema=False)


@router.get("/v1/sidebar")
def sidebar(request: Request, principal: PrincipalDep) -> dict[str, list[str]]:
    """Origins whose pages may hold the sidebar in a frame and speak with it."""
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    return {"origins": [own, *the_house(request).settings.server.frame_ancestors]}


@router.get("/v1/wecom")
def wecom(request: Request, principal: PrincipalDep) -> dict[str, str]:
    """Which corporation and application the page belongs to; 404 where the settings name none."""
    rules = the_house(request).settings.copilot.wecom
    if not rules.corp_id:
        raise NotFoundError("企业微信尚未配置：请用复制代替，并请管理员设置 copilot.wecom。")
    return {"corp_id": rules.corp_id, "agent_id": rules.agent_id}


@router.get("/v1/wecom/signature")
def signature(kind: Literal["corp", "agent"], url: str, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """The signature by which WeCom lets this page write into a chat; only for pages of this server."""
    house = the_house(request)
    if not house.settings.copilot.wecom.corp_id or urlsplit(url).netloc != request.headers.get("host", ""):
        raise NotFoundError("只能为本服务的页面签名。")
    return house.wecom_signatures.sign(kind, url)


@page.get("/demo-host")
def demo_host(request: Request) -> Response:
    """A page of a firm that holds the sidebar in a frame, to try both directions; only by setting."""
    if not the_house(request).settings.server.demo_host:
        raise NotFoundError("There is no such page: set server.demo_host to try the frame.")
    return pages()["demo_host"].response()
