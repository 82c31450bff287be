"""What a person can do about each code, in English and Thai.

The sentences are read by the holder of the card or an official beside them, so they say what to
do next and name no part of the software. Thai follows everyday polite usage without borrowed
words.
"""

from __future__ import annotations

from dataclasses import dataclass

from fvs.errors import UsageError

__all__ = ["Advice", "advice_for"]


@dataclass(frozen=True)
class Advice:
    """One piece of advice in both languages."""

    english: str
    thai: str


def advice_for(code: str) -> Advice:
    """Advice for a status, a quality reason or a decision's reason.

    Args:
        code: `Status.code`, a member of `fvs.quality.QUALITY_REASONS`, or a decision's reason.

    Raises:
        UsageError: there is no such code.
    """
    for table in (_OF_STATUS, _OF_QUALITY, _OF_DECISION):
        if code in table:
            return table[code]
    raise UsageError(f"there is no code {code!r}")


_OF_STATUS = {
    "ok": Advice("The picture is fine.", "ภาพนี้ใช้ได้"),
    "empty_file": Advice(
        "The file is empty: choose the picture again.",
        "แฟ้มภาพว่างเปล่า กรุณาเลือกภาพใหม่",
    ),
    "file_too_large": Advice(
        "The file is too large: choose a smaller one.",
        "แฟ้มภาพใหญ่เกินไป กรุณาเลือกภาพที่มีขนาดเล็กลง",
    ),
    "unsupported_format": Advice(
        "This kind of file cannot be read: use a JPEG, PNG or WebP picture.",
        "อ่านแฟ้มชนิดนี้ไม่ได้ กรุณาใช้ภาพชนิด JPEG, PNG หรือ WebP",
    ),
    "animated_image": Advice(
        "This is a moving picture: use a still one.",
        "นี่คือภาพเคลื่อนไหว กรุณาใช้ภาพนิ่ง",
    ),
    "too_many_pixels": Advice(
        "The picture has too many pixels: take it at a lower resolution.",
        "ภาพละเอียดเกินกว่าที่รับได้ กรุณาลดความละเอียดแล้วถ่ายใหม่",
    ),
    "image_too_small": Advice(
        "The picture is too small: use the original, not a thumbnail.",
        "ภาพเล็กเกินไป กรุณาใช้ภาพต้นฉบับ ไม่ใช่ภาพย่อ",
    ),
    "corrupt_image": Advice(
        "The file is damaged: take or send the picture again.",
        "แฟ้มภาพเสียหาย กรุณาถ่ายหรือส่งภาพใหม่",
    ),
    "no_face": Advice(
        "No face was found: show the whole face, upright and uncovered.",
        "ไม่พบใบหน้า กรุณาให้เห็นใบหน้าตรงทั้งหน้าโดยไม่มีสิ่งปิดบัง",
    ),
    "several_faces": Advice(
        "There is more than one face: only one person may be in the picture.",
        "พบใบหน้ามากกว่าหนึ่งคน กรุณาถ่ายให้มีเพียงคนเดียวในภาพ",
    ),
    "face_too_small": Advice(
        "The face is too small: move closer, or send a larger picture.",
        "ใบหน้าเล็กเกินไป กรุณาขยับเข้าใกล้กล้อง หรือใช้ภาพที่ใหญ่ขึ้น",
    ),
    "quality_too_low": Advice(
        "The picture is not clear enough: take it again in good light.",
        "ภาพไม่ชัดพอ กรุณาถ่ายใหม่ในที่ที่มีแสงเพียงพอ",
    ),
    "liveness_not_assessed": Advice(
        "It could not be checked that a live person is in front of the camera: try again.",
        "ตรวจสอบไม่ได้ว่ามีบุคคลจริงอยู่หน้ากล้อง กรุณาลองใหม่อีกครั้ง",
    ),
    "embedding_not_finite": Advice(
        "The face could not be evaluated: take the picture again.",
        "ประมวลผลใบหน้าไม่ได้ กรุณาถ่ายภาพใหม่",
    ),
    "score_not_finite": Advice(
        "The two faces could not be compared: take the picture again.",
        "เปรียบเทียบใบหน้าทั้งสองไม่ได้ กรุณาถ่ายภาพใหม่",
    ),
    "no_reference": Advice(
        "No face is enrolled under this number: check the number, or enrol first.",
        "ไม่พบใบหน้าที่ลงทะเบียนไว้กับหมายเลขนี้ กรุณาตรวจสอบหมายเลขหรือลงทะเบียนก่อน",
    ),
    "reference_unreadable": Advice(
        "The enrolled face cannot be read: ask the office to enrol it again.",
        "อ่านข้อมูลใบหน้าที่ลงทะเบียนไว้ไม่ได้ กรุณาติดต่อเจ้าหน้าที่เพื่อลงทะเบียนใหม่",
    ),
}

_OF_QUALITY = {
    "blurred": Advice(
        "Blurred: hold still and clean the lens.",
        "ภาพไม่คมชัด กรุณาถือกล้องให้นิ่งและเช็ดหน้ากล้องให้สะอาด",
    ),
    "face_cut_off": Advice(
        "Part of the face is outside: keep all of it in the picture.",
        "ใบหน้าขาดหายไปบางส่วน กรุณาจัดให้เห็นทั้งใบหน้าในภาพ",
    ),
    "face_too_close": Advice(
        "Too close: move a little away from the camera.",
        "อยู่ใกล้เกินไป กรุณาถอยห่างจากกล้องเล็กน้อย",
    ),
    "face_too_far": Advice(
        "Too far away: move closer to the camera.",
        "อยู่ไกลเกินไป กรุณาขยับเข้าใกล้กล้อง",
    ),
    "harsh_light": Advice(
        "The light is too harsh: move out of direct light.",
        "แสงจ้าและเงาเข้มเกินไป กรุณาหลบแสงที่ส่องตรง",
    ),
    "head_tilted": Advice(
        "The head is tilted: hold it, and the camera, upright.",
        "ศีรษะเอียง กรุณาตั้งศีรษะและกล้องให้ตรง",
    ),
    "looking_down": Advice(
        "Looking down: raise the chin and look into the camera.",
        "ก้มหน้าเกินไป กรุณาเงยหน้าขึ้นและมองตรงมาที่กล้อง",
    ),
    "looking_up": Advice(
        "Looking up: lower the chin and look into the camera.",
        "เงยหน้าเกินไป กรุณาก้มหน้าลงเล็กน้อยและมองตรงมาที่กล้อง",
    ),
    "low_contrast": Advice(
        "Too little contrast: avoid fog, glare and light from behind.",
        "ภาพจางเกินไป กรุณาเลี่ยงแสงสะท้อนและแสงจากด้านหลัง",
    ),
    "over_compressed": Advice(
        "The picture was compressed too much: send the original.",
        "ภาพถูกบีบอัดมากเกินไป กรุณาส่งภาพต้นฉบับ",
    ),
    "too_bright": Advice(
        "Too bright: move out of direct light.",
        "สว่างเกินไป กรุณาหลบแสงที่ส่องตรงมายังใบหน้า",
    ),
    "too_dark": Advice(
        "Too dark: face a window.",
        "แสงน้อยเกินไป กรุณาหันหน้าเข้าหาหน้าต่าง",
    ),
    "turned_sideways": Advice(
        "Turned sideways: look straight into the camera.",
        "หันหน้าไปด้านข้าง กรุณามองตรงมาที่กล้อง",
    ),
    "uneven_light": Advice(
        "Light falls from one side only: turn towards it.",
        "แสงส่องใบหน้าเพียงด้านเดียว กรุณาหันหน้าเข้าหาแสง",
    ),
    "unnatural_colour": Advice(
        "The colours are not natural: use white light and no filters.",
        "สีในภาพผิดเพี้ยน กรุณาใช้แสงสีขาวและไม่แต่งสีภาพ",
    ),
}

_OF_DECISION = {
    "presentation_attack_suspected": Advice(
        "This may be a picture of a print or a screen: photograph the person themselves.",
        "ภาพนี้อาจถ่ายจากรูปถ่ายหรือหน้าจอ กรุณาถ่ายภาพจากบุคคลจริง",
    ),
    "age_band_not_supported": Advice(
        "At this age faces alone do not tell people apart well enough: check in another way.",
        "ใบหน้าอย่างเดียวยังยืนยันตัวบุคคลในวัยนี้ไม่ได้แน่ชัด กรุณาตรวจสอบด้วยวิธีอื่น",
    ),
    "age_unknown": Advice(
        "The age is not known: an adult was assumed. Where it can be stated, state it.",
        "ไม่ทราบอายุ จึงถือว่าเป็นผู้ใหญ่ หากระบุได้ กรุณาระบุอายุ",
    ),
    "liveness_not_required": Advice(
        "Liveness was not required: nothing here shows that the person was present.",
        "ไม่ได้กำหนดให้ตรวจสอบว่าเป็นบุคคลจริง จึงไม่มีสิ่งใดยืนยันว่าบุคคลนั้นอยู่จริง",
    ),
    "challenge_not_answered": Advice(
        "The pictures do not show the turns that were asked for: start again and follow them.",
        "ภาพที่ส่งมาไม่แสดงการหันศีรษะตามที่ขอ กรุณาเริ่มใหม่และทำตามลำดับ",
    ),
    "frames_differ": Advice(
        "The pictures do not show one person: only one person may be in all of them.",
        "ภาพที่ส่งมาไม่ใช่บุคคลเดียวกันทุกภาพ กรุณาถ่ายภาพบุคคลเดียวกันทั้งหมด",
    ),
    "portrait_old": Advice(
        "The portrait on the card is old: a newer one makes the comparison more certain.",
        "ภาพบนบัตรถ่ายไว้นานแล้ว หากมีภาพใหม่กว่าจะช่วยให้เปรียบเทียบได้แน่ชัดขึ้น",
    ),
    "same_capture_suspected": Advice(
        "Both pictures seem to be one and the same: take a new picture of the person.",
        "ภาพทั้งสองน่าจะเป็นภาพเดียวกัน กรุณาถ่ายภาพบุคคลใหม่",
    ),
    "between_thresholds": Advice(
        "Not clear enough to decide: try a better picture, or let an official compare.",
        "ยังตัดสินไม่ได้ชัดเจน กรุณาใช้ภาพที่ดีกว่านี้ หรือให้เจ้าหน้าที่ตรวจสอบ",
    ),
    "below_threshold": Advice(
        "The two faces do not match: check that the card belongs to this person.",
        "ใบหน้าทั้งสองไม่ตรงกัน กรุณาตรวจสอบว่าบัตรเป็นของบุคคลนี้",
    ),
}
