"""Errors as answers: RFC 9457 problem details, each with a code of its own.

A service raises `ServiceError(Problem.RATE_LIMITED, ...)`; the edge turns it into
`application/problem+json`. docs/reference/problems.md is rendered from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fvs_server.faults import Violation
    from fvs_server.words import Words

__all__ = ["Problem", "ServiceError"]


@dataclass(frozen=True)
class _Entry:
    """What is said of a problem; English and Thai.

    Attributes:
        status: of HTTP.
        title: what went wrong.
        title_thai: the same.
        advice: what the caller can do.
        advice_thai: the same.
    """

    status: HTTPStatus
    title: str
    title_thai: str
    advice: str
    advice_thai: str


class Problem(Enum):
    """All that the service refuses, alphabetically; the lower-case name is the code."""

    ATTEMPTS_EXHAUSTED = _Entry(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many attempts for this subject.",
        "มีการตรวจสอบบุคคลนี้ไม่ผ่านหลายครั้งเกินไป",
        "Wait as `Retry-After` says, or identify the person by another means.",
        "กรุณารอตามเวลาใน Retry-After หรือยืนยันตัวตนด้วยวิธีอื่น",
    )
    AUTHENTICATION_THROTTLED = _Entry(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many failed authentications came from your address.",
        "มีการยืนยันตัวตนไม่สำเร็จจากที่อยู่ของท่านมากเกินไป",
        "Wait as long as Retry-After says, and check the credentials.",
        "กรุณารอตามเวลาใน Retry-After และตรวจสอบข้อมูลยืนยันตัวตน",
    )
    BODY_TOO_LARGE = _Entry(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The body is larger than the service takes.",
        "ข้อมูลในคำขอมีขนาดใหญ่เกินกว่าที่ระบบรับได้",
        "Send fewer or smaller pictures.",
        "กรุณาส่งภาพจำนวนน้อยลงหรือขนาดเล็กลง",
    )
    CAPTURE_REPLAYED = _Entry(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "A frame was sent before.",
        "ภาพนี้เคยถูกส่งมาแล้ว",
        "Take new pictures; repeat a request only under its own Idempotency-Key.",
        "กรุณาถ่ายภาพใหม่ หากส่งคำขอซ้ำให้ใช้ Idempotency-Key เดิม",
    )
    CERTIFICATE_NOT_VALID = _Entry(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "No decision may be made: the certificate of the error rates is not valid.",
        "ระบบตัดสินไม่ได้ เนื่องจากใบรับรองอัตราความผิดพลาดใช้ไม่ได้",
        "Tell the operator.",
        "กรุณาแจ้งผู้ดูแลระบบ",
    )
    CONCURRENCY_EXCEEDED = _Entry(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many requests of this key at once.",
        "มีคำขอพร้อมกันจากคีย์นี้มากเกินไป",
        "Wait for answers before sending more.",
        "กรุณารอผลของคำขอก่อนหน้าก่อนส่งเพิ่ม",
    )
    CONTENT_DIGEST_MISMATCH = _Entry(
        HTTPStatus.BAD_REQUEST,
        "The body is not the one that was signed.",
        "เนื้อหาคำขอไม่ตรงกับที่ลงลายมือชื่อไว้",
        "Sign the bytes that you send; look for a proxy that changes them.",
        "กรุณาลงลายมือชื่อบนข้อมูลที่ส่งจริง และตรวจสอบพร็อกซีที่อาจแก้ไขข้อมูล",
    )
    CROSS_ORIGIN = _Entry(
        HTTPStatus.FORBIDDEN,
        "The form was not sent from a page of this service.",
        "แบบฟอร์มไม่ได้ส่งมาจากหน้าเว็บของระบบนี้",
        "Open the page again and send the form from there.",
        "กรุณาเปิดหน้าเว็บใหม่แล้วส่งแบบฟอร์มอีกครั้ง",
    )
    DATABASE_UNAVAILABLE = _Entry(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The service cannot reach its database.",
        "ระบบไม่สามารถเชื่อมต่อฐานข้อมูลได้",
        "Try again with the same Idempotency-Key; nothing was answered.",
        "กรุณาลองใหม่ด้วย Idempotency-Key เดิม ยังไม่มีการตอบผล",
    )
    DEADLINE_EXCEEDED = _Entry(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The request could not be done in time.",
        "ระบบดำเนินการไม่เสร็จภายในเวลาที่กำหนด",
        "Try again after the time in Retry-After.",
        "กรุณาลองใหม่หลังเวลาที่ระบุใน Retry-After",
    )
    IDEMPOTENCY_IN_FLIGHT = _Entry(
        HTTPStatus.CONFLICT,
        "A request with this Idempotency-Key is being answered.",
        "คำขอที่ใช้ Idempotency-Key นี้กำลังดำเนินการอยู่",
        "Repeat it as `Retry-After` says.",
        "กรุณาส่งซ้ำตามเวลาใน Retry-After",
    )
    IDEMPOTENCY_KEY_REUSED = _Entry(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "This Idempotency-Key belongs to another request.",
        "Idempotency-Key นี้ถูกใช้กับคำขออื่นแล้ว",
        "Make a new key for each new request.",
        "กรุณาสร้างคีย์ใหม่สำหรับทุกคำขอใหม่",
    )
    IMPORT_QUEUE_FULL = _Entry(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many imports of yours wait.",
        "มีงานนำเข้าของท่านรอดำเนินการมากเกินไป",
        "Wait until some are done, or cancel them.",
        "กรุณารอให้งานบางส่วนเสร็จสิ้น หรือยกเลิกบางงาน",
    )
    INSUFFICIENT_SCOPE = _Entry(
        HTTPStatus.FORBIDDEN,
        "Your credentials do not allow this.",
        "สิทธิ์ของท่านไม่อนุญาตให้ดำเนินการนี้",
        "Ask the operator for a key with the scope that `detail` names.",
        "กรุณาขอคีย์ที่มีขอบเขตสิทธิ์ตามที่ระบุใน detail จากผู้ดูแลระบบ",
    )
    INTERNAL_ERROR = _Entry(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "The service failed.",
        "ระบบขัดข้อง",
        "Try again; if it goes on, tell the operator the request id.",
        "กรุณาลองใหม่ หากยังเป็นอยู่ โปรดแจ้งรหัสคำขอแก่ผู้ดูแลระบบ",
    )
    INVALID_CREDENTIALS = _Entry(
        HTTPStatus.UNAUTHORIZED,
        "Your credentials do not hold.",
        "ข้อมูลยืนยันตัวตนไม่ถูกต้อง",
        "Check that the key or token is whole, in force and meant for this service.",
        "กรุณาตรวจสอบว่าคีย์หรือโทเค็นครบถ้วน ยังไม่หมดอายุ และออกให้สำหรับบริการนี้",
    )
    INVALID_REQUEST = _Entry(
        HTTPStatus.BAD_REQUEST,
        "The request is not what the API takes.",
        "คำขอไม่ตรงตามรูปแบบของ API",
        "Correct what `violations` names.",
        "กรุณาแก้ไขตามรายการใน violations",
    )
    INVALID_SIGNATURE = _Entry(
        HTTPStatus.UNAUTHORIZED,
        "The request must be signed, and its signature does not hold.",
        "คำขอนี้ต้องลงลายมือชื่อ และลายมือชื่อไม่ถูกต้อง",
        "Sign each request anew, as docs/how-to/manage-keys.md says.",
        "กรุณาลงลายมือชื่อใหม่ทุกคำขอตามเอกสาร docs/how-to/manage-keys.md",
    )
    ISSUER_UNAVAILABLE = _Entry(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Access tokens cannot be checked now.",
        "ขณะนี้ไม่สามารถตรวจสอบโทเค็นได้",
        "Try again later.",
        "กรุณาลองใหม่ภายหลัง",
    )
    LIVENESS_SESSION_INVALID = _Entry(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The liveness session does not hold for this request.",
        "รหัสการตรวจสอบความมีชีวิตใช้กับคำขอนี้ไม่ได้",
        "Begin a new session for this subject, and use it once, before it expires.",
        "กรุณาเริ่มการตรวจสอบใหม่สำหรับบุคคลนี้ และใช้เพียงครั้งเดียวก่อนหมดอายุ",
    )
    METHOD_NOT_ALLOWED = _Entry(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "The address is known, but not with this method.",
        "ที่อยู่นี้ไม่รองรับวิธีเรียกที่ใช้",
        "Use a method that `Allow` names.",
        "กรุณาใช้วิธีเรียกตามที่ระบุใน Allow",
    )
    NOT_FOUND = _Entry(
        HTTPStatus.NOT_FOUND,
        "There is no such thing, or it is not yours.",
        "ไม่พบข้อมูล หรือไม่มีสิทธิ์เข้าถึง",
        "Check the address and the identifier.",
        "กรุณาตรวจสอบที่อยู่และรหัสอ้างอิง",
    )
    OVERLOADED = _Entry(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The service has more to do than it can.",
        "ขณะนี้มีผู้ใช้ระบบจำนวนมาก",
        "Try again after the time in Retry-After.",
        "กรุณาลองใหม่หลังเวลาที่ระบุใน Retry-After",
    )
    RATE_LIMITED = _Entry(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many requests of this key.",
        "คีย์นี้ส่งคำขอบ่อยเกินไป",
        "Wait as `Retry-After` says, and send more slowly.",
        "กรุณารอตามเวลาใน Retry-After และส่งคำขอให้ช้าลง",
    )
    REGISTRY_UNAVAILABLE = _Entry(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The registry of faces cannot be read.",
        "อ่านทะเบียนใบหน้าไม่ได้",
        "Try again; if it goes on, tell the operator the request id.",
        "กรุณาลองใหม่ หากยังเป็นอยู่ โปรดแจ้งรหัสคำขอแก่ผู้ดูแลระบบ",
    )
    UNAUTHENTICATED = _Entry(
        HTTPStatus.UNAUTHORIZED,
        "The request does not say who you are.",
        "คำขอไม่มีข้อมูลยืนยันตัวตน",
        "Send an API key or an access token in `Authorization: Bearer`.",
        "กรุณาส่งคีย์ API หรือโทเค็นใน Authorization: Bearer",
    )
    UNSUPPORTED_MEDIA_TYPE = _Entry(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "The body is of a kind that is not taken here.",
        "ชนิดข้อมูลในคำขอไม่เป็นที่รองรับ",
        "Send it as the API's description says.",
        "กรุณาส่งข้อมูลตามที่เอกสารของ API ระบุ",
    )

    @property
    def code(self) -> str:
        """As programs tell problems apart, for example `rate_limited`."""
        return self.name.lower()

    @property
    def type_uri(self) -> str:
        """RFC 9457 `type`: relative to the service, which explains the problem there."""
        return f"/problems/{self.code}"


class ServiceError(Exception):
    """A request is refused, for a reason that the caller may know."""

    def __init__(
        self,
        problem: Problem,
        detail: Words | None = None,
        *,
        violations: tuple[Violation, ...] = (),
        retry_after_s: float | None = None,
    ) -> None:
        """Name the problem; `detail` tells what is particular to this request, nothing personal."""
        super().__init__(problem.code)
        self.problem = problem
        self.detail = detail
        self.violations = violations
        self.retry_after_s = retry_after_s
