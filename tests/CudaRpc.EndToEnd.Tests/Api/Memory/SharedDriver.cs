using System.Reflection;
using System.Reflection.Emit;
using CudaRpc.Driver;

namespace CudaRpc.EndToEnd.Tests.Api.Memory;

/// <summary>
/// A driver that is no session's own, as the real one is: the same for all of them, and not disposed of with any. Every function goes to an
/// inner driver; those that take C functions are left out.
/// </summary>
internal static class SharedDriver
{
    private static readonly Lazy<Type> s_type = new(Build);

    public static CudaDriver Of(CudaDriver inner) => (CudaDriver)Activator.CreateInstance(s_type.Value, inner)!;

    private static Type Build()
    {
        AssemblyBuilder assembly = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("CudaRpc.SharedDriver"), AssemblyBuilderAccess.Run);
        TypeBuilder type = assembly.DefineDynamicModule("m").DefineType("SharedDriver", TypeAttributes.Public, typeof(CudaDriver));
        FieldBuilder inner = type.DefineField("_inner", typeof(CudaDriver), FieldAttributes.Private);
        ILGenerator constructor = type.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, [typeof(CudaDriver)]).GetILGenerator();
        ConstructorInfo baseConstructor = typeof(CudaDriver).GetConstructor(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public, [])!;
        constructor.Emit(OpCodes.Ldarg_0);
        constructor.Emit(OpCodes.Call, baseConstructor);
        constructor.Emit(OpCodes.Ldarg_0);
        constructor.Emit(OpCodes.Ldarg_1);
        constructor.Emit(OpCodes.Stfld, inner);
        constructor.Emit(OpCodes.Ret);
        foreach (MethodInfo method in typeof(CudaDriver).GetMethods(BindingFlags.Public | BindingFlags.Instance)
            .Where(static method => method.ReturnType == typeof(CUresult) && method.IsVirtual))
        {
            Type[] parameters = [.. method.GetParameters().Select(static parameter => parameter.ParameterType)];
            if (Array.Exists(parameters, static parameter => parameter.IsFunctionPointer))
            {
                continue;
            }

            MethodBuilder forward = type.DefineMethod(
                method.Name, MethodAttributes.Public | MethodAttributes.Virtual | MethodAttributes.HideBySig, method.ReturnType, parameters);
            ILGenerator code = forward.GetILGenerator();
            code.Emit(OpCodes.Ldarg_0);
            code.Emit(OpCodes.Ldfld, inner);
            for (int index = 1; index <= parameters.Length; index++)
            {
                code.Emit(OpCodes.Ldarg, (short)index);
            }

            code.Emit(OpCodes.Callvirt, method);
            code.Emit(OpCodes.Ret);
            type.DefineMethodOverride(forward, method);
        }

        return type.CreateType();
    }
}
