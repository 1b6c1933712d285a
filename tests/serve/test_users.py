"""Users: the operator is always there, others act within their roles."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from knowledge_base.access import AccessDeniedError, Role
from serve.errors import NotFoundError, ServeError
from serve.tables import metadata
from serve.users import OPERATOR, Users


@pytest.fixture
def users(engine: Engine) -> Users:
    metadata.create_all(engine)
    return Users(engine)


def test_no_name_is_the_operator(users: Users) -> None:
    assert users.principal(None) is OPERATOR


def test_a_user_gets_their_roles_branches_and_labels(users: Users) -> None:
    users.add("A001", roles=[Role.ADVISOR], branches=["北岸"], labels=["internal"], principal=OPERATOR)
    principal = users.principal("A001")
    assert principal.roles == {Role.ADVISOR}
    assert (principal.branches, principal.labels) == ({"北岸"}, {"internal"})


def test_adding_again_replaces(users: Users) -> None:
    users.add("A001", roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)
    users.add("A001", roles=[Role.EDITOR], branches=[], labels=[], principal=OPERATOR)
    assert [user.roles for user in users.list(principal=OPERATOR)] == [(Role.EDITOR,)]


def test_an_unknown_or_removed_user_is_refused(users: Users) -> None:
    users.add("A001", roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)
    users.remove("A001", principal=OPERATOR)
    with pytest.raises(NotFoundError, match="no user A001"):
        users.principal("A001")
    with pytest.raises(NotFoundError):
        users.remove("A001", principal=OPERATOR)


def test_an_advisor_cannot_make_users_and_a_user_needs_a_role(users: Users) -> None:
    users.add("A001", roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)
    with pytest.raises(AccessDeniedError):
        users.add("B", roles=[Role.SYSTEM], branches=[], labels=[], principal=users.principal("A001"))
    with pytest.raises(ServeError, match="no role"):
        users.add("B", roles=[], branches=[], labels=[], principal=OPERATOR)
