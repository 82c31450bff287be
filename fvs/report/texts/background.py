"""Texts of pairs, operating points, provenance and limits."""

from fvs.report.texts.text import Text

__all__ = ["BACKGROUND"]

BACKGROUND: dict[str, Text] = {
    # Pairs
    "pairs": Text("Worst and best pairs", "คู่ภาพที่ผิดพลาดที่สุด"),
    "pairs_intro": Text(
        "Pictures of people, shown because they were asked for: treat this file as personal "
        "data. Pairs are told by their row, counted from 1. Very high scores of pairs said to "
        "be of different people, and very low ones of pairs said to be of one person, are "
        "often wrong labels.",
        "มีภาพบุคคลตามที่ผู้สั่งรายงานขอ จึงต้องดูแลแฟ้มนี้อย่างข้อมูลส่วนบุคคล แต่ละคู่ระบุด้วยลำดับแถวโดยเริ่มจาก 1 "
        "คู่คนละคนที่คะแนนสูงมากหรือคู่คนเดียวกันที่คะแนนต่ำมาก มักเกิดจากการระบุชื่อผิด",
    ),
    "worst_mated": Text("Mated pairs with the lowest scores", "คู่ของคนเดียวกันที่คะแนนต่ำที่สุด"),
    "best_non_mated": Text("Non-mated pairs with the highest scores", "คู่ของคนละคนที่คะแนนสูงที่สุด"),
    "pair_caption": Text("row {row}: {score}", "แถว {row}: {score}"),
    # Certificate
    "certificate": Text("Certificate in force", "ใบรับรองที่ใช้อยู่"),
    "certificate_caption": Text("The certificate", "ใบรับรอง"),
    "certificate_id": Text("Certificate", "เลขที่ใบรับรอง"),
    "certificate_limits": Text(
        "What its issuer says it does not show:",
        "ข้อจำกัดตามที่ผู้ออกใบรับรองระบุ (ภาษาอังกฤษ):",
    ),
    "issuer": Text("Issuer", "ผู้ออก"),
    "issued": Text("Valid from", "ใช้ได้ตั้งแต่"),
    "licence": Text("Terms", "เงื่อนไขการใช้"),
    "points_table_caption": Text(
        "Thresholds; each is that of the strictest adult group",
        "เกณฑ์คะแนน กำหนดจากกลุ่มผู้ใหญ่ที่เข้มงวดที่สุด",
    ),
    "strictest_group": Text("Strictest group", "กลุ่มที่เข้มงวดที่สุด"),
    "points_method": Text("How they were set: {method}", "วิธีกำหนด (ภาษาอังกฤษ): {method}"),
    "distributions_caption": Text(
        "Distributions that the certificate states, for live signals to be compared with",
        "การกระจายของค่าตามใบรับรอง ใช้เปรียบเทียบกับค่าที่ได้ระหว่างให้บริการ",
    ),
    "distributions_note": Text(
        "They are of the data that the thresholds were measured on, not of cameras in service. "
        "Missing counts pairs or pictures without a usable face.",
        "เป็นการกระจายของข้อมูลที่ใช้กำหนดเกณฑ์ ไม่ใช่ของกล้องที่ใช้งานจริง "
        "ช่อง “ไม่มีค่า” นับคู่ภาพหรือภาพที่ไม่พบใบหน้าที่ใช้ได้",
    ),
    "signal": Text("Signal", "ค่าที่วัด"),
    "measured_on": Text("Of", "วัดจาก"),
    "values": Text("Values", "จำนวนค่า"),
    "missing": Text("Missing", "ไม่มีค่า"),
    "fifth_percentile": Text("5th percentile", "เปอร์เซ็นไทล์ที่ 5"),
    "median": Text("Median", "มัธยฐาน"),
    "ninety_fifth_percentile": Text("95th percentile", "เปอร์เซ็นไทล์ที่ 95"),
    "pack": Text("Pack", "ชุดแบบจำลอง"),
    "detector": Text("Detector, SHA-256", "แบบจำลองตรวจหาใบหน้า SHA-256"),
    "embedder": Text("Embedder, SHA-256", "แบบจำลองเปรียบเทียบใบหน้า SHA-256"),
    "pad_network": Text("Attack detection, SHA-256", "แบบจำลองตรวจจับการโจมตี SHA-256"),
    "expires": Text("Expires", "หมดอายุ"),
    # Provenance
    "provenance": Text("Data and models", "ข้อมูลและแบบจำลอง"),
    "made_caption": Text("How this report was made", "การจัดทำรายงานนี้"),
    "files_caption": Text("Files that the numbers come from", "แฟ้มที่เป็นที่มาของตัวเลข"),
    "data_caption": Text(
        "Pictures that the operating points were derived from",
        "ภาพที่ใช้กำหนดจุดทำงาน",
    ),
    "fact": Text("Fact", "รายการ"),
    "value": Text("Value", "ค่า"),
    "created": Text("Made", "จัดทำเมื่อ"),
    "software": Text("Software, commit", "ซอฟต์แวร์และรุ่นของรหัส"),
    "machine": Text("Machine", "เครื่อง"),
    "file_role": Text("What", "ประเภท"),
    "file": Text("File", "แฟ้ม"),
    "size": Text("Rows or pictures", "จำนวนแถวหรือภาพ"),
    "sha256": Text("SHA-256", "SHA-256"),
    "role_scores": Text("scores", "คะแนน"),
    "role_pictures": Text("pictures", "ภาพ"),
    "role_pad": Text("attack results", "ผลทดสอบการโจมตี"),
    "role_certificate": Text("certificate", "ใบรับรอง"),
    "data_set": Text("Data", "ชุดข้อมูล"),
    "pictures": Text("Pictures", "ภาพ"),
    "people": Text("People", "คน"),
    "failed": Text("No usable face", "ไม่พบใบหน้าที่ใช้ได้"),
    "terms": Text("Terms", "เงื่อนไข"),
    # Limits
    "limits": Text("What this report does not show", "ข้อจำกัดของรายงานนี้"),
    "limit_data": Text(
        "Rates hold for people, cameras and cards like those measured. Public photographs are "
        "not Thai selfies against ID cards: before operation, measure on the people to be "
        "served.",
        "ค่าที่ได้ใช้กับคน กล้อง และบัตรที่คล้ายกับข้อมูลที่วัดเท่านั้น "
        "ภาพที่เผยแพร่ทั่วไปไม่ใช่ภาพเซลฟีของคนไทยเทียบกับบัตรประชาชน ก่อนใช้งานจริงต้องวัดกับผู้ใช้บริการจริง",
    ),
    "limit_independence": Text(
        "Pairs that share a person are not independent. Where an interval takes them so it is "
        "too narrow: read it beside the number of people.",
        "คู่ภาพที่มีคนร่วมกันไม่เป็นอิสระต่อกัน ช่วงความเชื่อมั่นที่ถือว่าเป็นอิสระจึงแคบเกินไป ควรอ่านควบคู่กับจำนวนคน",
    ),
    "limit_same_scores": Text(
        "The threshold was chosen on the scores that it is judged by: its true rates are "
        "probably higher.",
        "เกณฑ์คะแนนเลือกจากคะแนนชุดเดียวกับที่ใช้ตัดสิน ค่าจริงน่าจะสูงกว่านี้",
    ),
    "limit_few_subjects": Text("Only {n} people took part.", "มีผู้เข้าร่วมเพียง {n} คน"),
    "limit_no_groups": Text(
        "No groups were given with the scores: what holds on average may not hold for women, "
        "the young or the old.",
        "คะแนนชุดนี้ไม่ได้ระบุกลุ่ม ผลเฉลี่ยอาจใช้ไม่ได้กับผู้หญิง ผู้เยาว์ หรือผู้สูงอายุ",
    ),
    "limit_no_pad": Text(
        "Nothing is said of presentation attacks, nor of injected video.",
        "รายงานนี้ไม่ได้กล่าวถึงการโจมตีด้วยสิ่งปลอมแปลงหรือการป้อนวิดีโอปลอมเข้าระบบ",
    ),
    "limit_simulated_pad": Text(
        "Attacks that were not tried are not covered, and nothing is said of injected video.",
        "ไม่ครอบคลุมการโจมตีรูปแบบที่ไม่ได้ทดสอบ และไม่ได้กล่าวถึงการป้อนวิดีโอปลอมเข้าระบบ",
    ),
    "limit_fido": Text(
        "FIDO-style limits are those commonly quoted (FAR 1:10,000, FRR 5 %, IAPAR 7 %); the "
        "text of the programme was not at hand, and a certificate of it this is not.",
        "เกณฑ์แบบ FIDO เป็นค่าที่มักอ้างถึง (FAR 1:10,000, FRR 5 %, IAPAR 7 %) "
        "โดยไม่ได้ตรวจกับเอกสารของโครงการ และรายงานนี้ไม่ใช่ใบรับรองของ FIDO",
    ),
    "limit_attempts": Text(
        "Rates are per comparison. A person who may try again is refused less often, and so is "
        "an impostor.",
        "ค่าที่แสดงคิดต่อการเปรียบเทียบหนึ่งครั้ง หากลองใหม่ได้ เจ้าของตัวจริงจะถูกปฏิเสธน้อยลง และผู้แอบอ้างก็เช่นกัน",
    ),
}
