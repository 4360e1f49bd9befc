using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Rules;

/// <summary>What a rules file says, before it is held against a header.</summary>
internal sealed record RuleSet(
    EquatableArray<HandleRule> Handles, EquatableArray<StructRule> Structs, EquatableArray<FunctionRule> Functions);

/// <summary><c>struct CUDA_EVENT_RECORD_NODE_PARAMS (event: handle)</c></summary>
/// <param name="Name">Its C# name: the first typedef.</param>
/// <param name="Since">The CUDA version that brought it, 0 where it does not matter.</param>
/// <param name="Fields">What is said of its fields, and of those of structs inside it: <c>res.array.hArray</c>.</param>
/// <param name="Place">The line.</param>
internal sealed record StructRule(string Name, int Since, EquatableArray<ParameterRule> Fields, Place Place);

/// <summary><c>handle CUstream = 5 destroy(cuStreamDestroy_v2)</c></summary>
/// <param name="Name">The handle type.</param>
/// <param name="Number">Its number on the wire.</param>
/// <param name="Destroy">The function that frees one, empty where none does.</param>
/// <param name="Since">The CUDA version that brought the type, 0 where it does not matter.</param>
/// <param name="Place">The line.</param>
internal sealed record HandleRule(string Name, int Number, string Destroy, int Since, Place Place);

/// <summary><c>cuStreamQuery sync (hStream: optional)</c></summary>
internal sealed record FunctionRule(
    string Name, EquatableArray<RuleWord> Words, EquatableArray<ParameterRule> Parameters, Place Place)
{
    public bool Has(string word) => Words.Any(item => item.Name == word);

    public string Argument(string word) => Words.FirstOrDefault(item => item.Name == word)?.Argument ?? "";
}

/// <summary><c>srcHost: in bulk size_is(ByteCount)</c></summary>
internal sealed record ParameterRule(string Name, EquatableArray<RuleWord> Words, Place Place)
{
    public RuleWord? Find(string word) => Words.FirstOrDefault(item => item.Name == word);
}

/// <summary>A word with what stands in its parentheses, if any: <c>size_is(ByteCount)</c>.</summary>
internal sealed record RuleWord(string Name, string Argument, Place Place);

/// <summary>The outcome of reading a rules file: as much as could be read, and what could not.</summary>
internal sealed record RulesResult(RuleSet Rules, EquatableArray<Problem> Problems);
