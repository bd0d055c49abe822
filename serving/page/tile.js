// What stands in the place of a picture: a word that says what it is, in one of a few colours.

const HUES = 8, LONG = 10;

/** Its category, else its brand, else how its title begins. */
export const wordOf = ({category, brand, title}) => category?.at(-1) || brand || [...title.trim()][0]?.toUpperCase() || "";

/** One of HUES, the same for the same word. */
export function hue(word) {
  return [...word].reduce((sum, sign) => (sum * 31 + sign.codePointAt(0)) % 9973, 7) % HUES;
}

/** Whether some part of it is too long for large letters. */
export const long = (word) => word.split(/\s/).some((part) => part.length > LONG);
