"""Texts of verdicts, rates, groups and attacks."""

__all__ = ["RESULTS"]

RESULTS: dict[str, tuple[str, str]] = {
    "title": ("Evaluation of face verification", "รายงานผลการประเมินระบบยืนยันตัวตนด้วยใบหน้า"),
    "subtitle": (
        "{subject}; made on {created} by fvs {version}",
        "{subject} จัดทำเมื่อ {created} ด้วย fvs รุ่น {version}",
    ),
    "contents": ("Contents", "สารบัญ"),
    # Summary
    "summary": ("What the data show", "ผลสรุปจากข้อมูล"),
    "headline": (
        "Requirements: {all}. Met: {met}. Not met: {not_met}. Not shown by this data: {not_shown}.",
        "จากข้อกำหนด {all} ข้อ ผ่าน {met} ข้อ ไม่ผ่าน {not_met} ข้อ และข้อมูลชุดนี้ยังพิสูจน์ไม่ได้ {not_shown} ข้อ",
    ),
    "verdicts_caption": (
        "Requirements and verdicts. Brackets hold two-sided 95 % intervals; the verdict follows "
        "from the one-sided 95 % bound",
        "ข้อกำหนดและผลตัดสิน ในวงเล็บคือช่วงความเชื่อมั่น 95 % แบบสองด้าน ผลตัดสินใช้ขอบเขตแบบด้านเดียวที่ 95 %",
    ),
    "requirement": ("Requirement", "ข้อกำหนด"),
    "verdict": ("Verdict", "ผลตัดสิน"),
    "measured_interval": ("Measured", "ค่าที่วัดได้"),
    "one_sided_bound": ("95 % bound", "ขอบเขต 95 %"),
    "trials": ("Trials", "จำนวนครั้ง"),
    "subjects": ("People", "จำนวนคน"),
    "met": ("met", "ผ่าน"),
    "not_met": ("not met", "ไม่ผ่าน"),
    "not_shown": ("not shown by this data", "ข้อมูลยังพิสูจน์ไม่ได้"),
    "source_own": ("Own target", "เป้าหมายของหน่วยงาน"),
    "source_fvs": ("This project", "เป้าหมายของโครงการนี้"),
    "source_fido": ("FIDO-style", "แนวทางแบบ FIDO"),
    "in_every_group": ("{requirement} in every group", "{requirement} ในทุกกลุ่ม"),
    "why_not_measured": (
        "{requirement}: nothing was measured that speaks of it. Without any error, {need} "
        "independent trials would show it.",
        "{requirement}: ยังไม่มีการวัดค่านี้ หากไม่พบข้อผิดพลาดเลย ต้องใช้การทดสอบที่เป็นอิสระต่อกัน {need} ครั้งจึงจะพิสูจน์ได้",
    ),
    "why_too_few": (
        "{requirement}: the measured rate is below the limit, but its upper bound is not. If "
        "errors stay as frequent, about {need} independent trials would show it; these are worth "
        "{have}.",
        "{requirement}: ค่าที่วัดได้ต่ำกว่าเกณฑ์ แต่ขอบเขตบนยังสูงกว่าเกณฑ์ หากข้อผิดพลาดเกิดถี่เท่าเดิม ต้องใช้การทดสอบที่เป็นอิสระต่อกันประมาณ {need} ครั้งจึงจะพิสูจน์ได้ ข้อมูลชุดนี้มีค่าเทียบเท่า {have} ครั้ง",
    ),
    "why_no_number": (
        "{requirement}: the measured rate is not below the limit, and its lower bound does not "
        "exclude that the true rate is. More trials of the same kind would show one or the other.",
        "{requirement}: ค่าที่วัดได้ไม่ต่ำกว่าเกณฑ์ แต่ขอบเขตล่างยังไม่ตัดโอกาสที่ค่าจริงจะต่ำกว่าเกณฑ์ ต้องทดสอบเพิ่มจึงจะทราบผล",
    ),
    "why_apcer_bounds_iapar": (
        "{requirement}: the whole system was not attacked. An attack that is accepted was called "
        "live, so that IAPAR is at most the APCER shown, which keeps within the limit.",
        "{requirement}: ไม่ได้ทดสอบการโจมตีทั้งระบบ แต่การโจมตีที่ระบบยอมรับต้องผ่านการตรวจว่าเป็นคนจริงก่อน IAPAR จึงไม่เกิน APCER ที่แสดง ซึ่งอยู่ในเกณฑ์",
    ),
    "why_only_apcer": (
        "{requirement}: the whole system was not attacked; only attack detection was, and its "
        "highest APCER (shown) does not keep within the limit. What part of those attacks the "
        "comparison would have stopped was not measured.",
        "{requirement}: ไม่ได้ทดสอบการโจมตีทั้งระบบ ทดสอบเฉพาะส่วนตรวจจับการโจมตี ซึ่ง APCER สูงสุด (ตามที่แสดง) เกินเกณฑ์ และไม่ได้วัดว่าขั้นเปรียบเทียบใบหน้าจะหยุดการโจมตีเหล่านั้นได้เท่าใด",
    ),
    "verdict_convention": (
        "A requirement is met where the one-sided 95 % upper bound of the rate keeps within its "
        "limit, not met where the one-sided 95 % lower bound lies beyond it, and otherwise not "
        "shown by this data. Where several rates must keep within (groups, species), the one "
        "furthest from it is shown. Bounds: {method}.",
        "ข้อกำหนด “ผ่าน” เมื่อขอบเขตบนแบบด้านเดียวที่ 95 % อยู่ในเกณฑ์ “ไม่ผ่าน” เมื่อขอบเขตล่างแบบด้านเดียวที่ 95 % เกินเกณฑ์ นอกนั้นถือว่าข้อมูลชุดนี้ยังพิสูจน์ไม่ได้ หากมีหลายค่าที่ต้องอยู่ในเกณฑ์ (หลายกลุ่มหรือหลายรูปแบบการโจมตี) จะแสดงค่าที่ห่างจากเกณฑ์ที่สุด วิธีหาขอบเขต: {method}",
    ),
    "method_pairs": (
        "Clopper and Pearson, trials taken as independent",
        "Clopper–Pearson โดยถือว่าการทดสอบแต่ละครั้งเป็นอิสระต่อกัน",
    ),
    "method_subjects": (
        "Clopper and Pearson, of as many independent trials as pairs that share people are worth; "
        "attacks and live pictures taken as independent",
        "Clopper–Pearson โดยใช้จำนวนครั้งที่เป็นอิสระซึ่งเทียบเท่ากับคู่ภาพที่มีคนร่วมกัน ส่วนการโจมตีและภาพคนจริงถือว่าเป็นอิสระต่อกัน",
    ),
    # Error rates
    "errors": ("Error rates of the comparison", "อัตราความผิดพลาดของการเปรียบเทียบใบหน้า"),
    "errors_intro": (
        "{mated} pairs of the same person (mated) and {non_mated} pairs of different people "
        "(non-mated), of {subjects} people in all. A score at or above the threshold accepts. At "
        "the threshold {threshold}, FMR, the share of different people who are accepted, is {fmr}; "
        "FNMR, the share of genuine pairs refused, is {fnmr}.",
        "เปรียบเทียบคู่ภาพของคนเดียวกัน {mated} คู่ และคู่ภาพของคนละคน {non_mated} คู่ จาก {subjects} คน คะแนนที่เท่ากับหรือสูงกว่าเกณฑ์คือยอมรับ ที่เกณฑ์คะแนน {threshold} ค่า FMR (สัดส่วนคนละคนที่ถูกยอมรับ) คือ {fmr} และ FNMR (สัดส่วนเจ้าของตัวจริงที่ถูกปฏิเสธ) คือ {fnmr}",
    ),
    "origin_pack": (
        "The threshold is the pack's operating point, set on other data.",
        "เกณฑ์คะแนนเป็นจุดทำงานของชุดแบบจำลอง ซึ่งกำหนดจากข้อมูลอื่น",
    ),
    "origin_given": (
        "The threshold was given by whoever ordered this report.",
        "เกณฑ์คะแนนกำหนดโดยผู้สั่งจัดทำรายงาน",
    ),
    "origin_same_scores": (
        "The threshold was chosen on these same scores as the lowest whose counted FMR is within "
        "{target}. Rates at it are optimistic: judge a threshold on people who had no part in "
        "choosing it.",
        "เกณฑ์คะแนนเลือกจากคะแนนชุดเดียวกันนี้ โดยเป็นค่าต่ำสุดที่ FMR ที่นับได้ไม่เกิน {target} ค่าที่ได้จึงดีเกินจริง ควรตัดสินเกณฑ์ด้วยข้อมูลของคนที่ไม่ได้ใช้เลือกเกณฑ์",
    ),
    "targets_caption": (
        "FNMR at the lowest threshold whose counted FMR is within each target. Brackets: exact "
        "95 % intervals, pairs taken as independent, which is too narrow",
        "FNMR ที่เกณฑ์คะแนนต่ำสุดซึ่ง FMR ที่นับได้ไม่เกินเป้าหมาย ในวงเล็บคือช่วงความเชื่อมั่น 95 % โดยถือว่าแต่ละคู่เป็นอิสระต่อกัน ซึ่งแคบเกินไป",
    ),
    "target_fmr": ("Target FMR", "เป้าหมาย FMR"),
    "threshold": ("Threshold", "เกณฑ์คะแนน"),
    "fmr_column": ("FMR [95 %]", "FMR [95 %]"),
    "fnmr_column": ("FNMR [95 %]", "FNMR [95 %]"),
    # Groups
    "groups": ("Differences between groups", "ความแตกต่างระหว่างกลุ่ม"),
    "groups_intro": (
        "A threshold that holds on average may fail a group. Rates are of pairs within one group, "
        "as an impostor would choose a person who resembles him.",
        "เกณฑ์ที่ใช้ได้โดยเฉลี่ยอาจใช้ไม่ได้กับบางกลุ่ม ค่าที่แสดงคิดจากคู่ภายในกลุ่มเดียวกัน เพราะผู้แอบอ้างมักเลือกสวมรอยคนที่คล้ายตน",
    ),
    "groups_table_caption": (
        "Error rates by group, with exact 95 % intervals",
        "อัตราความผิดพลาดแยกตามกลุ่ม พร้อมช่วงความเชื่อมั่น 95 %",
    ),
    "group": ("Group", "กลุ่ม"),
    "adults": ("adults", "ผู้ใหญ่"),
    "minors": ("minors, and ages unknown", "ผู้เยาว์และผู้ที่ไม่ทราบอายุ"),
    "non_mated_column": ("Non-mated pairs", "คู่ของคนละคน"),
    "spread": (
        "Highest FMR over the geometric mean of the {n} groups: {ratio}.",
        "FMR สูงสุดต่อค่าเฉลี่ยเรขาคณิตของ {n} กลุ่ม: {ratio} เท่า",
    ),
    "spread_undefined": (
        "In {zero} of {n} groups no false match was seen, so that highest over geometric mean is "
        "not defined; the intervals say how little a zero means.",
        "มี {zero} จาก {n} กลุ่มที่ไม่พบการยอมรับผิดคน จึงคำนวณอัตราส่วนของค่าสูงสุดต่อค่าเฉลี่ยเรขาคณิตไม่ได้ ช่วงความเชื่อมั่นบอกว่าค่าศูนย์มีความหมายเพียงใด",
    ),
    "bands_caption": (
        "Ages at the operating point for FMR {target}",
        "ช่วงอายุ ณ จุดทำงานที่ FMR {target}",
    ),
    "age_band": ("Age", "อายุ"),
    "band_says": ("What holds", "ผล"),
    "band_held": (
        "held; upper bound {upper} in the strictest group, {group}",
        "ใช้ได้ ขอบเขตบน {upper} ในกลุ่มที่เข้มงวดที่สุด คือ {group}",
    ),
    "band_not_supported": (
        "cannot be held: a person should look ({reason})",
        "ใช้ไม่ได้ ต้องให้เจ้าหน้าที่ตรวจ ({reason})",
    ),
    # Quality
    "quality": ("Picture quality", "คุณภาพของภาพ"),
    "edc_intro": (
        "If the pairs of lowest quality were discarded and those people asked for a better "
        "picture, FNMR would fall from {start} to {shares}.",
        "หากตัดคู่ภาพที่คุณภาพต่ำที่สุดออกและขอภาพใหม่ FNMR จะลดจาก {start} เป็น {shares}",
    ),
    "edc_example": ("{fnmr} with {share} discarded", "{fnmr} เมื่อตัดออก {share}"),
    # Calibration
    "calibration": ("Scores as evidence", "คะแนนในฐานะพยานหลักฐาน"),
    "calibration_intro": (
        "A line fitted on {fitted} people turns scores into likelihood ratios; {subjects} others "
        "judge it ({mated} mated and {non_mated} non-mated pairs). Cllr, its cost in bits, is "
        "{cllr}: 0 is perfect, 1 knows nothing. The best that the order of these scores allows is "
        "{least}; the loss by calibration is {loss}.",
        "เส้นตรงที่หาจากคน {fitted} คนแปลงคะแนนเป็นอัตราส่วนความน่าจะเป็น และทดสอบกับคนอื่นอีก {subjects} คน (คู่คนเดียวกัน {mated} คู่ คู่คนละคน {non_mated} คู่) ค่า Cllr คือ {cllr} บิต โดย 0 คือสมบูรณ์ และ 1 คือไม่บอกอะไรเลย ค่าดีที่สุดที่ลำดับคะแนนชุดนี้ทำได้คือ {least} ส่วนที่เสียไปจากการเทียบมาตราคือ {loss}",
    ),
    # Presentation attacks
    "pad": ("Presentation attacks", "การโจมตีด้วยสิ่งปลอมแปลง"),
    "pad_missing": (
        "No results of presentation attacks were given, so that nothing can be said of prints, "
        "screens or masks.",
        "ไม่มีผลทดสอบการโจมตีด้วยสิ่งปลอมแปลง จึงบอกไม่ได้ว่าระบบรับมือกับภาพพิมพ์ จอภาพ หรือหน้ากากได้เพียงใด",
    ),
    "pad_intro": (
        "System {system}; a capture is live from a live probability of {threshold}. APCER is the "
        "share of attacks called live, for each species (kind of artefact) on its own; its maximum "
        "counts. BPCER is the share of live people refused.",
        "ระบบ {system} ถือว่าเป็นคนจริงเมื่อความน่าจะเป็นตั้งแต่ {threshold} ขึ้นไป APCER คือสัดส่วนการโจมตีที่ถูกมองว่าเป็นคนจริง แยกตามรูปแบบการโจมตี โดยพิจารณาค่าสูงสุด ส่วน BPCER คือสัดส่วนคนจริงที่ถูกปฏิเสธ",
    ),
    "pad_caveat": (
        "The attacks are simulated, and the live pictures are published photographs: this compares "
        "systems, and is no laboratory test to ISO/IEC 30107-3.",
        "การโจมตีเป็นการจำลอง และภาพคนจริงเป็นภาพถ่ายที่เผยแพร่แล้ว ผลนี้ใช้เปรียบเทียบระบบ ไม่ใช่ผลทดสอบในห้องปฏิบัติการตาม ISO/IEC 30107-3",
    ),
    "pad_other_threshold": (
        "The pack in force decides at {in_force}, not at the {threshold} of these results; the "
        "rates at that threshold are others.",
        "ชุดแบบจำลองที่ใช้งานอยู่ตัดสินที่ {in_force} ไม่ใช่ {threshold} ของผลชุดนี้ ค่าที่เกณฑ์นั้นจึงต่างไป",
    ),
    "apcer_table_caption": (
        "Attacks called live, species by species",
        "การโจมตีที่ถูกมองว่าเป็นคนจริง แยกตามรูปแบบ",
    ),
    "bpcer_table_caption": ("Live people refused", "คนจริงที่ถูกปฏิเสธ"),
    "species": ("Species", "รูปแบบการโจมตี"),
    "seen_in_training": ("Trained on", "ใช้ฝึกแบบจำลอง"),
    "yes": ("yes", "ใช่"),
    "no": ("no", "ไม่ใช่"),
    "apcer": ("APCER [95 %]", "APCER [95 %]"),
    "live_pictures": ("Live pictures", "ภาพคนจริง"),
    "bpcer": ("BPCER [95 %]", "BPCER [95 %]"),
}
