"""What to do about a portrait that was not enrolled."""

from __future__ import annotations

from fvs.advice import Advice, advice_for
from fvs.registry.days import DAY_ADVICE, DAY_ADVICE_THAI
from fvs.subjects import SubjectError, SubjectFault

__all__ = ["enrolment_advice"]

_ADVICE = {
    "date_not_understood": Advice(DAY_ADVICE, DAY_ADVICE_THAI),
    "erased_before": Advice(
        "This very portrait was enrolled and erased: it is not brought back.",
        "ภาพนี้เคยลงทะเบียนและถูกลบแล้ว จึงไม่นำกลับมา",
    ),
    "erased_meanwhile": Advice(
        "The person was erased while the import waited: the portrait was not enrolled.",
        "ข้อมูลบุคคลนี้ถูกลบระหว่างรอนำเข้า จึงไม่ได้ลงทะเบียนภาพนี้",
    ),
    "failed": Advice(
        "The service failed on this picture: send it again, alone.",
        "ระบบประมวลผลภาพนี้ไม่สำเร็จ กรุณาส่งภาพนี้ใหม่เพียงภาพเดียว",
    ),
    "picture_missing": Advice(
        "The archive holds no picture of that name, or it is too large or damaged.",
        "ไม่พบภาพตามชื่อในแฟ้มบีบอัด หรือภาพใหญ่เกินไปหรือเสียหาย",
    ),
    "row_not_understood": Advice(
        "The row is not what the API takes: compare it with the documentation.",
        "รูปแบบของแถวไม่ถูกต้อง กรุณาตรวจสอบกับเอกสารของ API",
    ),
}

_SUBJECT_FAULTS = frozenset(fault.value for fault in SubjectFault)


def enrolment_advice(code: str) -> Advice:
    """Advice for a code of a row, a number or a picture."""
    if code in _SUBJECT_FAULTS:
        error = SubjectError(SubjectFault(code))
        return Advice(error.advice or "", error.advice_thai)
    return _ADVICE.get(code) or advice_for(code)
