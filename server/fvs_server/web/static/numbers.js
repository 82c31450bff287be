// The check digit of a Thai citizen ID, as fvs.subjects checks it.

const DIGITS = 13;

/** What is said of a number that is being typed: a text's name, and whether it is right or wrong. */
export function checkDigitState(typed) {
  const digits = typed.replace(/[\s-]/g, "");
  if (!digits) return { name: "" };
  if (!/^\d*$/.test(digits) || digits.length > DIGITS) return { name: "number_odd", is: "wrong" };
  if (digits.length < DIGITS) return { name: "number_short", count: digits.length };
  const right = checkDigit(digits) === Number(digits[DIGITS - 1]);
  return right ? { name: "number_right", is: "right" } : { name: "number_wrong", is: "wrong" };
}

function checkDigit(digits) {
  let sum = 0;
  for (let place = 0; place < DIGITS - 1; place++) sum += Number(digits[place]) * (DIGITS - place);
  return (11 - (sum % 11)) % 10;
}
