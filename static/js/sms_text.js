// How the text of a message counts while it is written: the server's rule (console/sms/parts.py), the same table of cases.
const GSM_7 = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
const EXTENDED = new Set("^{}\\[~]|€\f");
const ROOM = { 0: [160, 153], 8: [70, 67] };
const MOST_PARTS = 10;

// { dcs, used_units, parts, because }: the coding, the septets or code units, the parts, the first character that is not GSM-7.
export function counted(text) {
  const characters = [...text];
  const because = characters.find((one) => !GSM_7.has(one) && !EXTENDED.has(one)) ?? null;
  const dcs = because === null ? 0 : 8;
  const sizes = characters.map((one) => (dcs === 8 ? one.length : EXTENDED.has(one) ? 2 : 1));
  const length = sizes.reduce((sum, size) => sum + size, 0);
  const [single, joined] = ROOM[dcs];
  if (length <= single) return { dcs, used_units: length, parts: length ? 1 : 0, because };
  let parts = 1;
  let used = 0;
  for (const size of sizes) {
    if (used + size > joined) {
      parts += 1;
      used = 0;
    }
    used += size;
  }
  return { dcs, used_units: length, parts, because };
}

function sentence(text) {
  if (!text.trim()) return "No SMS yet: the text is empty";
  const { dcs, used_units: length, parts, because } = counted(text);
  const coding = because === null ? "GSM-7" : `UCS-2, because of “${because}”`;
  const [single, joined] = ROOM[dcs];
  if (parts > MOST_PARTS) return `${length} (${coding}): too long, ${parts} parts; ${MOST_PARTS} are the most`;
  if (parts > 1) return `${length} (${coding}): ${parts} parts of at most ${joined}, ${parts} SMS of the quota`;
  return `${length} of ${single} (${coding}): 1 SMS of the quota`;
}

function show(field) {
  const place = field.form?.querySelector("[data-sms-count]");
  if (place && (field.value || place.dataset.smsCount)) place.textContent = sentence(field.value);
  if (place && field.value) place.dataset.smsCount = "counted";
}

export function startSmsText() {
  document.addEventListener("input", ({ target }) => {
    if (target.matches("[data-sms-text]")) show(target);
  });
  for (const field of document.querySelectorAll("[data-sms-text]")) show(field);
}
