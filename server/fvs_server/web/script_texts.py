"""Names of the texts that the try-out page's scripts say; a test finds them in the scripts."""

from __future__ import annotations

__all__ = ["SCRIPT_TEXTS"]

SCRIPT_TEXTS = (
    "camera_refused", "capturing", "certificate", "chosen", "component", "decided_at", "frame",
    "hint_blurred", "hint_bright", "hint_dark", "hint_good", "hint_needs_key", "hint_waiting",
    "inconclusive", "level", "live", "liveness", "look_straight", "match", "means_inconclusive",
    "means_match", "means_no_match", "means_not_compared", "most_files", "need_camera",
    "need_picture", "no_answer", "no_match", "not_assessed", "not_compared", "not_live",
    "number_odd", "number_right", "number_short", "number_wrong", "refused", "request_id", "score",
    "start_camera", "stop_camera", "target_fmr", "transaction", "turn_left", "turn_right",
    "value", "working",
)  # fmt: skip
