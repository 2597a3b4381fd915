use super::ModelError;

/// What a forward pass leaves out, to show what the left-out part does.
///
/// The conditional prompt of a picture is `P = sum_m s_m P_m`, with the similarities `s` of that picture and the
/// prompts `P_m` `[L, d]` of the pool (Kim, Kim, Kwak, WACV 2025, section 3.3). The ablations change it, or the
/// adapters, and nothing else; weights, patches and head stay what they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Ablation {
    /// Nothing: the whole model.
    #[default]
    None,
    /// The prompt pool as a whole: the sequence is `[class token; X]`, without the `L` prompt tokens.
    ///
    /// This is not the same as a pool of zeros, whose `L` tokens (then bare positions) still take attention.
    PromptsOff,
    /// All adapters: `x' = x + MHSA(LN1(x))`, `x'' = x' + FFN(LN2(x'))`.
    AdaptersOff,
    /// One prompt `k` of the pool, counted from 0: `P = sum_{m != k} s_m P_m`.
    ///
    /// Its weight in the sum is taken as 0. The others keep theirs; the `L` tokens stay.
    PromptOff(usize),
    /// The pool's being conditional: every picture gets the prompt of these similarities `[M]`.
    ///
    /// With the mean similarities of a library it is the library's mean prompt, because `P` is linear in `s` (unless
    /// the pool has a temperature, see [`super::Puma::similarity_of_mean_prompt`]). What this ablation leaves unchanged, the pool did not need to know the picture for.
    OnePromptForAll(Vec<f32>),
}

impl Ablation {
    /// Whether a model with `prompts` prompts in its pool (0 for none) has what is left out.
    ///
    /// # Errors
    /// [`ModelError::Choice`] with what is wrong, in words.
    pub fn check(&self, prompts: usize) -> Result<(), ModelError> {
        let wrong = match self {
            Ablation::None | Ablation::AdaptersOff => None,
            _ if prompts == 0 => Some("this model has no prompt pool".to_owned()),
            Ablation::PromptOff(prompt) if *prompt >= prompts => Some(format!(
                "there is no prompt {} in a pool of {prompts}",
                prompt + 1
            )),
            Ablation::OnePromptForAll(weights) if weights.len() != prompts => Some(format!(
                "{} weights for a pool of {prompts} prompts",
                weights.len()
            )),
            _ => None,
        };
        wrong.map_or(Ok(()), |words| Err(ModelError::Choice(words)))
    }
}
