// The two places a version of a model can have: the champion answers, the challenger may be asked beside it.

export const modelLabels = ['champion', 'challenger'] as const;
export type ModelLabel = (typeof modelLabels)[number];

/** TensorFlow Serving's words for them: https://www.tensorflow.org/tfx/serving/serving_config#assigning_string_labels_to_model_versions_to_simplify_canary_and_rollback */
const aliases: Readonly<Record<string, ModelLabel>> = { stable: 'champion', canary: 'challenger' };
/** Every word a client may use. */
export const labelWords: readonly string[] = [...modelLabels, ...Object.keys(aliases)];

/** @returns `undefined` for a word that is no label. */
export function labelCalled(word: string): ModelLabel | undefined {
  return modelLabels.find((label) => label === word) ?? (Object.hasOwn(aliases, word) ? aliases[word] : undefined);
}
