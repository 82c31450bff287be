"""All words on the pages, English and Thai."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from fvs_server.edge.languages import Language

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TEXTS"]

_SHARED = {
    "service": ("Face Verification Service", "บริการพิสูจน์ยืนยันใบหน้า"),
    "skip": ("Skip to the content", "ข้ามไปยังเนื้อหา"),
    "language": ("Language", "ภาษา"),
    "pages": ("Pages", "หน้าเว็บ"),
    "try": ("Try it out", "ทดลองใช้"),
    "operations": ("Operations", "การปฏิบัติงาน"),
    "api_key": ("API key", "คีย์ API"),
    "match": ("Match", "ตรงกัน"),
    "no_match": ("No match", "ไม่ตรงกัน"),
    "inconclusive": ("Inconclusive", "ไม่สามารถสรุปผล"),
    "not_compared": ("Not compared", "ไม่ได้เปรียบเทียบ"),
    "yes": ("yes", "ใช่"),
    "no": ("no", "ไม่"),
    "none": ("none", "ไม่มี"),
}

_TRY = {
    "try_intro": (
        (
            "Verify a live face against what is enrolled under a number. The pictures go to this "
            "service only; neither the page nor the service keeps them."
        ),
        (
            "พิสูจน์ว่าใบหน้าสดตรงกับภาพที่ลงทะเบียนไว้ตามเลขประจำตัว ภาพจะถูกส่งไปยังบริการนี้เท่านั้น "
            "ทั้งหน้าเว็บและบริการไม่เก็บภาพไว้"
        ),
    ),
    "needs_script": (
        "This page needs JavaScript for the camera.",
        "หน้านี้ต้องใช้ JavaScript เพื่อใช้งานกล้อง",
    ),
    "who": ("1. Who", "1. บุคคล"),
    "key_hint": (
        "With the scope verify. It stays in this page's memory and is gone when you leave.",
        "ต้องมีสิทธิ์ verify คีย์อยู่ในหน่วยความจำของหน้านี้เท่านั้น และจะหายไปเมื่อออกจากหน้า",
    ),
    "number_kind": ("Kind of number", "ประเภทเลข"),
    "citizen_id": ("Citizen ID", "เลขประจำตัวประชาชน"),
    "passport": ("Passport", "หนังสือเดินทาง"),
    "travel_card": ("Travel card", "บัตรเดินทาง"),
    "number": ("Number", "หมายเลข"),
    "number_hint": (
        "13 digits; for a passport or travel card the issuing state and the number, THA AA1234567.",
        "ตัวเลข 13 หลัก หรือรหัสประเทศและหมายเลขหนังสือเดินทาง เช่น THA AA1234567",
    ),
    "number_short": ("{count} of 13 digits", "{count} จาก 13 หลัก"),
    "number_odd": ("A citizen ID is 13 digits.", "เลขประจำตัวประชาชนเป็นตัวเลข 13 หลัก"),
    "number_right": ("The check digit is right.", "เลขตรวจสอบถูกต้อง"),
    "number_wrong": (
        "The check digit is wrong: a digit is mistyped.",
        "เลขตรวจสอบไม่ถูกต้อง กรุณาตรวจทานตัวเลข",
    ),
    "what_for": ("2. What for", "2. วัตถุประสงค์"),
    "level": ("Assurance level", "ระดับความน่าเชื่อถือ"),
    "with_session": ("with a liveness session", "พร้อมการตรวจการมีชีวิต"),
    "purpose": ("Purpose", "วัตถุประสงค์"),
    "purpose_hint": (
        "A word in lower case, for example open_account.",
        "คำภาษาอังกฤษตัวพิมพ์เล็ก เช่น open_account",
    ),
    "consent_reference": ("Consent reference", "เลขอ้างอิงความยินยอม"),
    "consent": (
        "The person in the picture agrees to this verification.",
        "บุคคลในภาพยินยอมให้พิสูจน์ยืนยันใบหน้า",
    ),
    "face": ("3. Face", "3. ใบหน้า"),
    "start_camera": ("Start the camera", "เปิดกล้อง"),
    "stop_camera": ("Stop the camera", "ปิดกล้อง"),
    "camera": ("Camera picture", "ภาพจากกล้อง"),
    "live_hints": ("Hints while the camera runs", "คำแนะนำขณะเปิดกล้อง"),
    "hint_light": ("Light", "แสง"),
    "hint_sharpness": ("Sharpness", "ความคมชัด"),
    "hint_face": ("Face", "ใบหน้า"),
    "hint_waiting": ("not looked at yet", "ยังไม่ได้ตรวจ"),
    "hint_needs_key": ("enter the API key to check", "กรอกคีย์ API เพื่อตรวจ"),
    "hint_good": ("good", "ดี"),
    "hint_dark": ("too dark: turn to a light", "มืดเกินไป หันหน้าเข้าหาแสง"),
    "hint_bright": ("too bright: turn from the light", "สว่างเกินไป หันออกจากแสง"),
    "hint_blurred": (
        "blurred: hold still, wipe the lens",
        "ภาพเบลอ ถือกล้องให้นิ่งหรือเช็ดเลนส์",
    ),
    "camera_refused": (
        "The camera cannot be used: {reason}. Allow it in the browser, or choose a picture file.",
        "ใช้กล้องไม่ได้: {reason} กรุณาอนุญาตในเบราว์เซอร์ หรือเลือกไฟล์ภาพ",
    ),
    "or_files": ("Or picture files, one to five", "หรือเลือกไฟล์ภาพ 1 ถึง 5 ไฟล์"),
    "files_hint": (
        "JPEG, PNG or WebP. They are used only while the camera is off.",
        "JPEG, PNG หรือ WebP ใช้เมื่อปิดกล้องเท่านั้น",
    ),
    "verify": ("Verify", "พิสูจน์ยืนยัน"),
    "capturing": ("Capturing ...", "กำลังถ่ายภาพ ..."),
    "working": ("Verifying ...", "กำลังพิสูจน์ยืนยัน ..."),
    "look_straight": ("Look straight at the camera.", "มองตรงมาที่กล้อง"),
    "turn_left": ("Turn your head to your left.", "หันศีรษะไปทางซ้ายของท่าน"),
    "turn_right": ("Turn your head to your right.", "หันศีรษะไปทางขวาของท่าน"),
    "need_picture": (
        "Start the camera or choose a picture file.",
        "กรุณาเปิดกล้องหรือเลือกไฟล์ภาพ",
    ),
    "need_camera": (
        "This level asks the person to move: start the camera.",
        "ระดับนี้ต้องมีการเคลื่อนไหวใบหน้า กรุณาเปิดกล้อง",
    ),
    "most_files": ("Five pictures at most.", "เลือกได้ไม่เกิน 5 ภาพ"),
    "no_answer": (
        "The service could not be reached. Try again.",
        "ติดต่อบริการไม่ได้ กรุณาลองใหม่",
    ),
    "answer": ("Answer", "ผลลัพธ์"),
    "means_match": (
        "The live face is that of the person who is enrolled.",
        "ใบหน้าสดเป็นบุคคลเดียวกับที่ลงทะเบียนไว้",
    ),
    "means_no_match": (
        "The live face does not match this number.",
        "ใบหน้าสดไม่ตรงกับหมายเลขนี้",
    ),
    "means_inconclusive": (
        "The service cannot decide. Try again, or let a person look.",
        "ระบบไม่สามารถตัดสินได้ กรุณาลองใหม่ หรือให้เจ้าหน้าที่ตรวจสอบ",
    ),
    "means_not_compared": (
        "No picture could be used. The reasons say what to do.",
        "ไม่มีภาพที่ใช้ได้ โปรดดูเหตุผลและคำแนะนำ",
    ),
    "reasons": ("Reasons and what to do", "เหตุผลและคำแนะนำ"),
    "refused": ("Refused", "ถูกปฏิเสธ"),
    "details": ("Details", "รายละเอียด"),
    "liveness": ("Liveness", "การตรวจการมีชีวิต"),
    "live": ("assessed as live", "ประเมินว่าเป็นบุคคลจริง"),
    "not_live": ("an attack is suspected", "สงสัยว่าเป็นการปลอมแปลง"),
    "not_assessed": ("not assessed", "ไม่ได้ประเมิน"),
    "score": ("Score and threshold", "คะแนนและเกณฑ์"),
    "target_fmr": ("Target false match rate", "อัตราการจับคู่ผิดเป้าหมาย"),
    "transaction": ("Transaction", "รหัสธุรกรรม"),
    "decided_at": ("Decided at", "เวลาที่ตัดสิน"),
    "request_id": ("Request", "รหัสคำขอ"),
    "quality": ("Quality, ISO/IEC 29794-5 (0 to 100)", "คุณภาพตาม ISO/IEC 29794-5 (0 ถึง 100)"),
    "component": ("Component", "องค์ประกอบ"),
    "value": ("Value", "ค่า"),
    "frame": ("Frame {number}", "ภาพที่ {number}"),
    "chosen": ("compared", "ใช้เปรียบเทียบ"),
    "receipt": ("Receipt (signed answer)", "ใบรับรองผล (ลงลายมือชื่อดิจิทัล)"),
    "receipt_hint": (
        "Save the answer and check it offline with fvs receipt verify, with the number too.",
        "บันทึกผลแล้วตรวจสอบแบบออฟไลน์ด้วย fvs receipt verify รวมถึงหมายเลขได้",
    ),
    "save_answer": ("Save the answer (JSON)", "บันทึกผล (JSON)"),
    "as_curl": ("The same with curl", "คำสั่ง curl ที่เทียบเท่า"),
    "as_curl_hint": (
        "The key and the number are left out: set FVS_KEY and put the number in.",
        "ไม่แสดงคีย์และหมายเลข กรุณากำหนด FVS_KEY และใส่หมายเลขเอง",
    ),
}

_OPERATIONS = {
    "log_in": ("Log in", "เข้าสู่ระบบ"),
    "log_out": ("Log out", "ออกจากระบบ"),
    "log_in_hint": (
        (
            "With an API key that has the scope statistics, review or admin. You are logged out "
            "after 30 minutes."
        ),
        "ใช้คีย์ API ที่มีสิทธิ์ statistics, review หรือ admin ระบบจะออกให้อัตโนมัติหลัง 30 นาที",
    ),
    "logged_in_as": ("Logged in for {idp}, key {key}", "เข้าสู่ระบบในนาม {idp} คีย์ {key}"),
    "shown": ("What is shown", "ข้อมูลที่แสดง"),
    "period": ("Period", "ช่วงเวลา"),
    "days_1": ("last 24 hours", "24 ชั่วโมงล่าสุด"),
    "days_7": ("last 7 days", "7 วันล่าสุด"),
    "days_30": ("last 30 days", "30 วันล่าสุด"),
    "idp": ("Identity provider", "ผู้ให้บริการพิสูจน์ตัวตน"),
    "everybody": ("all", "ทั้งหมด"),
    "show": ("Show", "แสดง"),
    "state": ("State of the service", "สถานะบริการ"),
    "ready": ("Ready", "พร้อมใช้งาน"),
    "not_ready": ("Not ready", "ไม่พร้อมใช้งาน"),
    "models": ("Models", "แบบจำลอง"),
    "database": ("Database", "ฐานข้อมูล"),
    "registry": ("Registry", "ทะเบียนใบหน้า"),
    "certificate": ("Certificate", "ใบรับรองค่าความแม่นยำ"),
    "well": ("well", "ปกติ"),
    "failing": ("failing", "ขัดข้อง"),
    "in_force": ("Certificate in force", "ใบรับรองที่ใช้อยู่"),
    "days_left": ("{days} days left, until {date}", "เหลือ {days} วัน ถึง {date}"),
    "expired": (
        "Its time is over: the service decides nothing.",
        "หมดอายุแล้ว ระบบจะไม่ตัดสินผล",
    ),
    "in_period": ("In this period", "ในช่วงเวลานี้"),
    "transactions": ("Transactions", "ธุรกรรม"),
    "attacks": ("Attacks suspected", "สงสัยว่าปลอมแปลง"),
    "latency": ("Latency", "เวลาตอบสนอง"),
    "percentile": ("{name}, ms", "{name} (มิลลิวินาที)"),
    "decisions_over_time": ("Decisions over time", "ผลการตัดสินตามเวลา"),
    "latency_over_time": ("Latency over time", "เวลาตอบสนองตามเวลา"),
    "chart_decisions": (
        "Stacked columns: decisions per hour or day. The table below has the same numbers.",
        "กราฟแท่งซ้อน: ผลการตัดสินต่อชั่วโมงหรือวัน ตารางด้านล่างแสดงตัวเลขเดียวกัน",
    ),
    "chart_latency": (
        "Lines: percentiles of latency per hour or day. The table below has the same numbers.",
        "กราฟเส้น: เปอร์เซ็นไทล์ของเวลาตอบสนอง ตารางด้านล่างแสดงตัวเลขเดียวกัน",
    ),
    "ms": ("ms", "มิลลิวินาที"),
    "as_table": ("The numbers as a table", "ตัวเลขในรูปแบบตาราง"),
    "time_utc": ("Time, UTC", "เวลา (UTC)"),
    "no_transactions": (
        "No transactions in this period.",
        "ไม่มีธุรกรรมในช่วงเวลานี้",
    ),
    "refusals": ("Reasons, quality and PAD refusals", "เหตุผล คุณภาพภาพ และการตรวจการปลอมแปลง"),
    "reason": ("Reason", "เหตุผล"),
    "advice": ("What people are told", "คำแนะนำแก่ผู้ใช้"),
    "count": ("Count", "จำนวน"),
    "share": ("Share of transactions", "สัดส่วนธุรกรรม"),
    "drift": ("Drift against the certificate", "การเบี่ยงเบนจากใบรับรอง"),
    "signal": ("Signal", "สัญญาณ"),
    "verdict": ("Verdict", "ผล"),
    "values_seen": ("Values", "จำนวนค่า"),
    "values_needed": ("Needed", "จำนวนที่ต้องใช้"),
    "steady": ("steady", "คงที่"),
    "drifted": ("drifted", "เบี่ยงเบน"),
    "too_few": ("too few to tell", "ข้อมูลไม่พอ"),
    "no_drift": (
        "Nothing to hold against the certificate yet.",
        "ยังไม่มีข้อมูลให้เทียบกับใบรับรอง",
    ),
    "reviews": ("Duplicates to review", "รายการซ้ำที่รอตรวจสอบ"),
    "reviews_intro": (
        "Two numbers whose faces look alike. A hit is a question: nobody is refused because of it.",
        "เลขสองหมายเลขที่ใบหน้าคล้ายกัน เป็นเพียงข้อสงสัย ไม่มีผู้ใดถูกปฏิเสธเพราะรายการนี้",
    ),
    "no_reviews": ("None wait.", "ไม่มีรายการรอตรวจสอบ"),
    "no_registry": ("This server has no registry.", "เซิร์ฟเวอร์นี้ไม่มีทะเบียนใบหน้า"),
    "found_at": ("Found, UTC", "พบเมื่อ (UTC)"),
    "records": ("Records", "ระเบียน"),
    "similarity": ("Similarity (from)", "ความคล้าย (เกณฑ์)"),
    "judgement": ("Judgement", "ผลการตรวจสอบ"),
    "note": ("Note, nothing personal", "หมายเหตุ (ห้ามใส่ข้อมูลส่วนบุคคล)"),
    "note_refused": (
        "The note holds the number of a person, so nothing was written down. Leave numbers out.",
        "หมายเหตุมีเลขประจำตัวของบุคคล จึงไม่ได้บันทึก กรุณาอย่าใส่เลขประจำตัว",
    ),
    "confirm": ("One person", "บุคคลเดียวกัน"),
    "dismiss": ("Two people", "คนละบุคคล"),
    "of_review": ("of review {id}", "ของรายการ {id}"),
}


def _by_language(pairs: Mapping[str, tuple[str, str]]) -> dict[str, Mapping[Language, str]]:
    return {
        name: MappingProxyType({Language.ENGLISH: english, Language.THAI: thai})
        for name, (english, thai) in pairs.items()
    }


TEXTS: Mapping[str, Mapping[Language, str]] = MappingProxyType(
    _by_language({**_SHARED, **_TRY, **_OPERATIONS})
)
"""By name; `{word}` in a text is a place for a value."""
