"""What is particular to one refusal, beside the title and advice of its problem; both languages."""

from __future__ import annotations

from enum import Enum

from fvs_server.words import Words

__all__ = ["Detail"]


class Detail(Enum):
    """By name, alphabetically; `with_` fills in the service's own values, never what was sent."""

    AUTHORIZATION_SCHEME = Words(
        "Send `Authorization: Bearer ...`.", "กรุณาส่ง `Authorization: Bearer ...`"
    )
    BODY_CAME_LATE = Words("The body did not come in time.", "ข้อมูลในคำขอมาถึงไม่ทันเวลา")
    BODY_LIMIT = Words("A body has at most {most} bytes here.", "ข้อมูลในคำขอมีได้ไม่เกิน {most} ไบต์")
    CERTIFICATE_OUT_OF_DATE = Words(
        "The TLS certificate is out of date.", "ใบรับรอง TLS หมดอายุหรือยังไม่เริ่มใช้"
    )
    CERTIFICATE_UNKNOWN = Words(
        "The TLS certificate is not registered here.", "ใบรับรอง TLS ยังไม่ได้ลงทะเบียนกับระบบนี้"
    )
    CLIENT_UNKNOWN = Words("The client is not registered here.", "ไคลเอนต์นี้ยังไม่ได้ลงทะเบียนกับระบบ")
    CONCURRENCY_LIMIT = Words(
        "At most {most} requests of a key are worked on at once.",
        "คีย์หนึ่งมีคำขอที่กำลังดำเนินการพร้อมกันได้ไม่เกิน {most} คำขอ",
    )
    FAILURE_LIMIT = Words(
        "An address may fail {most} times a minute.",
        "ที่อยู่หนึ่งยืนยันตัวตนไม่สำเร็จได้ไม่เกิน {most} ครั้งต่อนาที",
    )
    KEY_EXPIRED = Words("The key is expired.", "คีย์นี้หมดอายุแล้ว")
    KEY_REVOKED = Words("The key is revoked.", "คีย์นี้ถูกเพิกถอนแล้ว")
    MEDIA_TYPES = Words("Send {allowed}.", "กรุณาส่งเป็น {allowed}")
    METHODS = Words("This address takes {allowed}.", "ที่อยู่นี้รับเฉพาะ {allowed}")
    NONCE_LENGTH = Words(
        "The signature has no nonce, or one too long.", "ลายมือชื่อไม่มี nonce หรือ nonce ยาวเกินไป"
    )
    NONCE_USED = Words("The nonce was used before.", "nonce นี้เคยถูกใช้แล้ว")
    NO_REGISTRY = Words(
        "This server has no registry: it compares two pictures only.",
        "เซิร์ฟเวอร์นี้ไม่มีทะเบียนใบหน้า เปรียบเทียบได้เฉพาะภาพสองภาพ",
    )
    NO_ROUTE = Words(
        "Nothing is at this address; /openapi.json lists those there are.",
        "ไม่มีบริการที่ที่อยู่นี้ ดูรายการทั้งหมดได้ที่ /openapi.json",
    )
    OTHERS_STATISTICS = Words(
        "Only an administrator sees another's statistics.",
        "เฉพาะผู้ดูแลระบบเท่านั้นที่ดูสถิติของหน่วยงานอื่นได้",
    )
    RATE_LIMIT = Words(
        "The key may send {burst} requests at once, and {rate} a second in the long run.",
        "คีย์นี้ส่งคำขอติดต่อกันได้ {burst} คำขอ และเฉลี่ย {rate} คำขอต่อวินาที",
    )
    SCOPE = Words("It needs the scope {allowed}.", "ต้องมีขอบเขตสิทธิ์ {allowed}")
    SIGNATURE_REQUIRED = Words("The key is only for signed requests.", "คีย์นี้ใช้ได้เฉพาะคำขอที่ลงลายมือชื่อ")
    SIGNATURE_WRONG = Words(
        "The signature is missing or does not hold.", "ไม่มีลายมือชื่อ หรือลายมือชื่อไม่ถูกต้อง"
    )
    TOKEN_AUDIENCE = Words("The token is not for this service.", "โทเค็นนี้ไม่ได้ออกให้สำหรับบริการนี้")
    TOKEN_BINDING = Words("The token is bound to something not shown.", "โทเค็นนี้ผูกกับสิ่งที่ไม่ได้แสดงมา")
    TOKEN_CLAIMS = Words(
        "The token lacks claims of RFC 9068.", "โทเค็นขาดข้อมูล (claims) ตาม RFC 9068"
    )
    TOKEN_EARLY = Words("The token is not valid yet.", "โทเค็นนี้ยังไม่เริ่มมีผล")
    TOKEN_EXPIRED = Words("The token has expired.", "โทเค็นนี้หมดอายุแล้ว")
    TOKEN_ISSUER = Words("The token is of another issuer.", "โทเค็นนี้ออกโดยผู้ออกรายอื่น")
    TOKEN_LIFETIME = Words("The token lives too long.", "โทเค็นนี้มีอายุยาวเกินกว่าที่ระบบรับได้")
    TOKEN_UNBOUND = Words("The token is bound to no certificate.", "โทเค็นนี้ไม่ได้ผูกกับใบรับรอง")
    VIOLATIONS = Words(
        "{count} to correct: see `violations`.", "มี {count} รายการที่ต้องแก้ไข ดูใน violations"
    )
    WAIT = Words("Try again in {seconds} s.", "กรุณาลองใหม่ใน {seconds} วินาที")
    WAITING_IMPORTS = Words(
        "At most {most} imports of yours may wait.", "มีงานนำเข้ารอดำเนินการได้ไม่เกิน {most} งาน"
    )

    def with_(self, **values: object) -> Words:
        """The words with their values."""
        return self.value.filled(**values)
