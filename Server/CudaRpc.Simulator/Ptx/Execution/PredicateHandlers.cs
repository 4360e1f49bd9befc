using System.Runtime.CompilerServices;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>Instructions on predicates: one 32-bit operation does all lanes.</summary>
internal static unsafe class PredicateHandlers
{
    /// <summary>Bit of <see cref="Instruction.Immediate"/>: setp has a second result in D1.</summary>
    public const long HasSecondResult = 1;

    /// <summary>Bit of <see cref="Instruction.Immediate"/>: the predicate in C counts negated.</summary>
    public const long NegateC = 2;

    /// <summary>Ends a setp: combines the comparison with the predicate in C, as Aux says, and writes the results.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Finish(Worker worker, Instruction* instruction, uint mask, uint result)
    {
        if (instruction->Aux == 0 && instruction->Immediate == 0)
        {
            worker.SetPredicate(instruction->D0, mask, result);
            return;
        }

        FinishCombined(worker, instruction, mask, result);
    }

    public static void Move(Worker worker, Instruction* instruction, uint mask) =>
        worker.SetPredicate(instruction->D0, mask, worker.Predicate(instruction->A));

    public static void Not(Worker worker, Instruction* instruction, uint mask) =>
        worker.SetPredicate(instruction->D0, mask, ~worker.Predicate(instruction->A));

    public static void And(Worker worker, Instruction* instruction, uint mask) =>
        worker.SetPredicate(instruction->D0, mask, worker.Predicate(instruction->A) & worker.Predicate(instruction->B));

    public static void Or(Worker worker, Instruction* instruction, uint mask) =>
        worker.SetPredicate(instruction->D0, mask, worker.Predicate(instruction->A) | worker.Predicate(instruction->B));

    public static void Xor(Worker worker, Instruction* instruction, uint mask) =>
        worker.SetPredicate(instruction->D0, mask, worker.Predicate(instruction->A) ^ worker.Predicate(instruction->B));

    /// <summary>Every lane gets the lowest bit of Immediate.</summary>
    public static void Set(Worker worker, Instruction* instruction, uint mask) =>
        worker.SetPredicate(instruction->D0, mask, (instruction->Immediate & 1) != 0 ? uint.MaxValue : 0);

    private static void FinishCombined(Worker worker, Instruction* instruction, uint mask, uint result)
    {
        uint second = ~result;
        if (instruction->Aux != (int)BooleanCombination.None)
        {
            uint c = worker.Predicate(instruction->C);
            c = (instruction->Immediate & NegateC) != 0 ? ~c : c;
            (result, second) = (BooleanCombination)instruction->Aux switch
            {
                BooleanCombination.And => (result & c, second & c),
                BooleanCombination.Or => (result | c, second | c),
                _ => (result ^ c, second ^ c),
            };
        }

        worker.SetPredicate(instruction->D0, mask, result);
        if ((instruction->Immediate & HasSecondResult) != 0)
        {
            worker.SetPredicate(instruction->D1, mask, second);
        }
    }
}
